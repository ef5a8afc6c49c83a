/// An allowed origin: `https://example.org:8443`, `https://*.example.org`. Without a scheme, any scheme is allowed;
/// without scheme and port, any port too.
struct OriginPattern: Sendable, Equatable, CustomStringConvertible {
    private let scheme: String?
    private let host: HostPattern
    /// Nil for any port.
    private let port: Int?

    /// Throws `MountFault`.
    init(_ text: String) throws(MountFault) {
        var rest = text[...]
        var scheme: String?
        if let at = text.firstRange(of: "://") {
            scheme = text[..<at.lowerBound].lowercased()
            rest = text[at.upperBound...]
            guard let scheme, !scheme.isEmpty, scheme.utf8.allSatisfy(Origin.isScheme) else { throw Self.fault(text) }
        }
        var port: Int?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            let digits = rest[colon...].dropFirst()
            guard let number = Origin.port(Array(digits.utf8)[...]) else { throw Self.fault(text) }
            port = number
            rest = rest[..<colon]
        }
        // Browsers send `null` for a page without an origin; it is not a host name.
        guard text != "null" else { throw Self.fault(text) }
        do { self.host = try HostPattern(String(rest)) } catch { throw Self.fault(text) }
        self.scheme = scheme
        self.port = port ?? scheme.flatMap { Origin.defaultPort(Array($0.utf8)[...]) }
    }

    private static func fault(_ text: String) -> MountFault {
        MountFault(
            "names '\(text)', which is not an origin; examples: https://example.org:8443, https://*.example.org, example.org"
        )
    }

    var description: String {
        (self.scheme.map { "\($0)://" } ?? "") + self.host.description + (self.port.map { ":\($0)" } ?? "")
    }

    func matches(_ origin: Origin) -> Bool {
        if let scheme, !Origin.equals(origin.scheme, Array(scheme.utf8)[...]) { return false }
        if let port, origin.port != port { return false }
        let name = Array(self.host.name.utf8)
        guard self.host.isWildcard else { return Origin.equals(origin.host, name[...]) }
        let start = origin.host.count - name.count
        guard start > 1, origin.host[origin.host.startIndex + start - 1] == UInt8(ascii: ".") else { return false }
        return Origin.equals(origin.host.suffix(name.count), name[...])
    }
}
