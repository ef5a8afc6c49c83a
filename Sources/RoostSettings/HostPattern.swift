/// A host name that an application answers for: exact, or `*.example.org` for every name below `example.org`.
public struct HostPattern: Sendable, Hashable, CustomStringConvertible {
    /// Lower-case, without a port; for a wildcard the part after `*.`.
    package let name: String
    package let isWildcard: Bool

    public var description: String { self.isWildcard ? "*.\(self.name)" : self.name }

    /// Throws `MountFault`.
    public init(_ text: String) throws(MountFault) {
        self.isWildcard = text.hasPrefix("*.")
        var name = (self.isWildcard ? String(text.dropFirst(2)) : text).lowercased()
        if name.hasSuffix("."), name != "." { name.removeLast() }
        self.name = name
        guard !name.isEmpty else { throw MountFault("is empty; remove it to serve every host") }
        guard !name.contains("*") else {
            throw MountFault(
                "'\(text)' has a * that is not at its start; *.example.org matches all names below example.org")
        }
        let isAddress = name.hasPrefix("[") && name.hasSuffix("]")
        guard isAddress || !name.contains(":") else {
            throw MountFault("'\(text)' has a port, or is an IPv6 address without brackets; remove the port")
        }
        guard !name.contains("/") else { throw MountFault("'\(text)' is not a host name; put the path into 'mount'") }
        let allowed = { (byte: UInt8) in
            byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || (isAddress ? [UInt8]("[]:.".utf8) : [UInt8]("-._".utf8)).contains(byte)
        }
        guard name.utf8.allSatisfy(allowed) else {
            throw MountFault(
                "'\(text)' is not a host name; use letters, digits, '-' and '.' (other characters in ASCII form, xn--)")
        }
    }
}

/// Why a mount, a host name or an origin is invalid, and how to fix it. The caller puts the file and the key before it.
public struct MountFault: Error, Equatable {
    public let message: String

    package init(_ message: String) { self.message = message }
}
