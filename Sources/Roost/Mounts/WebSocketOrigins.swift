public import HTTPServer

/// The origins whose pages may open WebSockets (RFC 6455 §10.2).
///
/// A browser lets any page open a WebSocket to any host, and sends the cookies of that host along; only `Origin` says which page it was. Other
/// clients send none and are allowed.
public struct WebSocketOrigins: Sendable, Equatable, CustomStringConvertible {
    /// Pages of the host and port that the request is for.
    public static let same = WebSocketOrigins(isAny: false, allowsSame: true, patterns: [])
    /// Every page.
    public static let any = WebSocketOrigins(isAny: true, allowsSame: true, patterns: [])

    private let isAny: Bool
    private let allowsSame: Bool
    private let patterns: [OriginPattern]

    private init(isAny: Bool, allowsSame: Bool, patterns: [OriginPattern]) {
        self.isAny = isAny
        self.allowsSame = allowsSame
        self.patterns = patterns
    }

    /// `same`, `any`, or a list of `same`, `https://example.org:8443`, `https://*.example.org`, `example.org`; commas may separate them. Throws
    /// `MountFault`.
    public init(_ texts: [String]) throws(MountFault) {
        let items = texts.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
        guard !items.isEmpty else {
            throw MountFault("names no origin: 'same', 'any' or a list like same,https://example.org does")
        }
        if items.contains("any") {
            guard items.count == 1 else { throw MountFault("names 'any' beside others: it stands alone") }
            self = .any
            return
        }
        var patterns: [OriginPattern] = []
        for item in items where item != "same" { patterns.append(try OriginPattern(item)) }
        self.init(isAny: false, allowsSame: items.contains("same"), patterns: patterns)
    }

    /// The form that `init` reads.
    public var description: String {
        if self.isAny { return "any" }
        return ((self.allowsSame ? ["same"] : []) + self.patterns.map(\.description)).joined(separator: ",")
    }

    /// Whether the client of this request may open a WebSocket.
    func allow(_ head: RequestHead) -> Bool {
        var origin: Octets?
        for field in head.fields where field.name.equals("origin") {
            // Two readers could take two.
            guard origin == nil else { return false }
            origin = field.value
        }
        return origin.map { self.allow(origin: $0, authority: head.authority) } ?? true
    }

    /// Whether a page of this origin may, at this host and port.
    func allow(origin: Octets, authority: Octets) -> Bool {
        guard !self.isAny else { return true }
        guard let origin = Origin(origin) else { return false }
        return (self.allowsSame && origin.isSame(as: authority)) || self.patterns.contains { $0.matches(origin) }
    }
}

/// An origin that is allowed: `https://example.org:8443`, `https://*.example.org`; without a scheme any scheme is, and without a port too any port.
struct OriginPattern: Sendable, Equatable, CustomStringConvertible {
    private let scheme: String?
    private let host: HostPattern
    /// Nil: any.
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
        // What a browser sends for a page without an origin is no host.
        guard text != "null" else { throw Self.fault(text) }
        do { self.host = try HostPattern(String(rest)) } catch { throw Self.fault(text) }
        self.scheme = scheme
        self.port = port ?? scheme.flatMap { Origin.defaultPort(Array($0.utf8)[...]) }
    }

    private static func fault(_ text: String) -> MountFault {
        MountFault(
            "names '\(text)', which is no origin: https://example.org:8443, https://*.example.org, example.org are")
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

/// An origin as a browser sends it (RFC 6454 §6.2).
struct Origin {
    let scheme: ArraySlice<UInt8>
    /// Without a last dot.
    let host: ArraySlice<UInt8>
    /// The one that is named, else the scheme's; nil: the scheme has none.
    let port: Int?

    /// Nil: `null`, or no origin.
    init?(_ value: Octets) {
        let bytes = Array(value.bytes)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            colon > 0, bytes[..<colon].allSatisfy(Self.isScheme)
        else { return nil }
        self.scheme = bytes[..<colon]
        let scheme = self.scheme
        guard let (host, port) = Self.split(bytes[(colon + 3)...], scheme) else { return nil }
        (self.host, self.port) = (host, port)
    }

    /// Whether it is a page of the server: `Host` names the same host, and the same port, which is the scheme's where it is not named.
    func isSame(as authority: Octets) -> Bool {
        guard self.port != nil, let other = Self.split(Array(authority.bytes)[...], self.scheme) else { return false }
        return Self.equals(self.host, other.host) && self.port == other.port
    }

    /// `host[:port]`; nil: it is neither.
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

    static func port(_ digits: ArraySlice<UInt8>) -> Int? {
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

    static func equals(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        one.elementsEqual(other) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}
