package import HTTPServer

/// An origin as a browser sends it (RFC 6454 §6.2).
package struct Origin {
    package let scheme: ArraySlice<UInt8>
    /// Without a trailing dot.
    package let host: ArraySlice<UInt8>
    /// The given port, else the scheme's default; nil if the scheme has none.
    package let port: Int?

    /// Nil for `null`, or if the value is not an origin.
    package init?(_ value: Octets) {
        let bytes = Array(value.bytes)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            colon > 0, bytes[..<colon].allSatisfy(Self.isScheme)
        else { return nil }
        self.scheme = bytes[..<colon]
        let scheme = self.scheme
        guard let (host, port) = Self.split(bytes[(colon + 3)...], scheme) else { return nil }
        (self.host, self.port) = (host, port)
    }

    /// Whether the page is one of the server's: the host and the port are those of `Host`, whose port defaults to the
    /// scheme's.
    package func isSame(as authority: Octets) -> Bool {
        guard self.port != nil, let other = Self.split(Array(authority.bytes)[...], self.scheme) else { return false }
        return Self.equals(self.host, other.host) && self.port == other.port
    }

    /// Splits `host[:port]`; nil if the text is malformed.
    private static func split(
        _ authority: ArraySlice<UInt8>, _ scheme: ArraySlice<UInt8>
    ) -> (host: ArraySlice<UInt8>, port: Int?)? {
        var host = authority
        var port = Self.defaultPort(scheme)
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")), !authority[colon...].contains(UInt8(ascii: "]")) {
            guard let number = Self.port(authority[(colon + 1)...]) else { return nil }
            (host, port) = (authority[..<colon], number)
        }
        if host.count > 1, host.last == UInt8(ascii: ".") { host = host.dropLast() }
        let isHost = host.allSatisfy { byte in
            byte > 0x20 && byte != 0x7f && !"/?#@\\,".utf8.contains(byte)
        }
        return host.isEmpty || !isHost ? nil : (host, port)
    }

    package static func port(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(digits.count), digits.allSatisfy(ASCII.isDigit) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return number <= 65535 ? number : nil
    }

    static func defaultPort(_ scheme: ArraySlice<UInt8>) -> Int? {
        for (names, port) in [(["http", "ws"], 80), (["https", "wss"], 443)] as [([String], Int)] {
            if names.contains(where: { Self.equals(scheme, Array($0.utf8)[...]) }) { return port }
        }
        return nil
    }

    static func isScheme(_ byte: UInt8) -> Bool {
        ASCII.isSlug(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    package static func equals(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        one.elementsEqual(other) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}
