/// Which fields may stand behind a body (RFC 9110 §6.5.1).
enum TrailerField {
    /// Fields of framing, routing, authentication and of what the content is: a trailer that could change them is how
    /// requests are smuggled past whoever looks at heads only.
    private static let headFields = [
        "authorization", "cache-control", "connection", "content-encoding", "content-length", "content-range",
        "content-type", "cookie", "expect", "host", "keep-alive", "max-forwards", "proxy-authorization",
        "proxy-connection", "range", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade",
    ].map { Array($0.utf8) }

    static func mayTrail(_ name: some Collection<UInt8>) -> Bool {
        !self.headFields.contains { $0.elementsEqual(name.lazy.map(ASCII.lowercased)) }
    }
}
