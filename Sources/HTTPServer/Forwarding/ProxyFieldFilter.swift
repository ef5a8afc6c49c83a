/// Removes the header fields in which proxies describe a client, where a client could have written them itself.
///
/// Applications and frameworks read these fields directly, and many treat `_` and `-` in names alike (CGI, WSGI,
/// Django): a name with an underscore can pose as another field (CVE-2025-64484).
enum ProxyFieldFilter {
    /// Whether a field of this name is removed from the requests of a peer. `name`: in lower case.
    static func removes(_ name: Octets, isTrusted: Bool, family: ForwardingRules.Family) -> Bool {
        let hasUnderscore = name.bytes.contains(UInt8(ascii: "_"))
        guard isTrusted else { return hasUnderscore || Self.isProxyField(name) }
        if hasUnderscore { return Self.isProxyField(name) }
        // The trusted proxy sets one family; it may pass the other through as the client has sent it.
        switch family {
        case .xForwarded: return name.equals("forwarded")
        case .forwarded: return Self.isProxyField(name) && !name.equals("forwarded") && !name.equals("x-real-ip")
        case .none: return false
        }
    }

    /// `forwarded`, `x-real-ip` and all that begin with `x-forwarded-`, with underscores as well.
    private static func isProxyField(_ name: Octets) -> Bool {
        Self.begins(name, with: "forwarded", isWhole: true) || Self.begins(name, with: "x-real-ip", isWhole: true)
            || Self.begins(name, with: "x-forwarded-", isWhole: false)
    }

    private static func begins(_ name: Octets, with literal: StaticString, isWhole: Bool) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard isWhole ? name.size == count : name.size >= count else { return false }
        return zip(name.bytes, UnsafeBufferPointer(start: literal.utf8Start, count: count)).allSatisfy {
            $0 == $1 || ($0 == UInt8(ascii: "_") && $1 == UInt8(ascii: "-"))
        }
    }
}
