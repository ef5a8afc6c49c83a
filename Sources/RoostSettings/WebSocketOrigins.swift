package import HTTPServer

/// The origins whose pages may open WebSockets (RFC 6455 §10.2).
///
/// A browser lets any page open a WebSocket to any host and sends that host's cookies along; only `Origin` identifies
/// the page. Other clients send no `Origin` and are allowed.
public struct WebSocketOrigins: Sendable, Equatable, CustomStringConvertible {
    /// Pages of the host and port that the request names.
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

    /// `same`, `any`, or a list of `same`, `https://example.org:8443`, `https://*.example.org`, `example.org`; commas
    /// may separate them. Throws `MountFault`.
    public init(_ texts: [String]) throws(MountFault) {
        let items = texts.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map(\.trimmed)
        guard !items.isEmpty else {
            throw MountFault("names no origin; use 'same', 'any' or a list like same,https://example.org")
        }
        if items.contains("any") {
            guard items.count == 1 else { throw MountFault("names 'any' with others; use 'any' alone") }
            self = .any
            return
        }
        var patterns: [OriginPattern] = []
        for item in items where item != "same" { patterns.append(try OriginPattern(item)) }
        self.init(isAny: false, allowsSame: items.contains("same"), patterns: patterns)
    }

    /// The form that `init` accepts.
    public var description: String {
        if self.isAny { return "any" }
        return ((self.allowsSame ? ["same"] : []) + self.patterns.map(\.description)).joined(separator: ",")
    }

    /// Whether the client of this request may open a WebSocket.
    package func allow(_ head: RequestHead) -> Bool {
        var origin: Octets?
        for field in head.fields where field.name.equals("origin") {
            // With two `Origin` fields, two readers could choose different ones.
            guard origin == nil else { return false }
            origin = field.value
        }
        return origin.map { self.allow(origin: $0, authority: head.authority) } ?? true
    }

    /// Whether a page of this origin may open a WebSocket to this host and port.
    package func allow(origin: Octets, authority: Octets) -> Bool {
        guard !self.isAny else { return true }
        guard let origin = Origin(origin) else { return false }
        return (self.allowsSame && origin.isSame(as: authority)) || self.patterns.contains { $0.matches(origin) }
    }
}
