/// Decides which fields are allowed as trailers (RFC 9110 §6.5.1). Names are compared ignoring case.
package enum TrailerField {
    package enum Kind {
        case allowed
        /// The field belongs in the header, and cannot be merged into it any more. A recipient may ignore it.
        case discarded
        /// The field affects framing, routing or authentication. It allows request smuggling if a proxy treats trailers
        /// differently.
        case refused
    }

    /// Framing, connection, routing, expectations (RFC 9110 §7, §10.1, RFC 9112 §6); authentication (RFC 9110 §11,
    /// RFC 6265).
    private static let refused = Self.table([
        "authorization", "connection", "content-length", "cookie", "expect", "host", "keep-alive", "max-forwards",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ])

    /// Content metadata, request modifiers, response control data (RFC 9110 §8, §10.2, §12, §13, §14, RFC 9111).
    private static let discarded = Self.table([
        "age", "cache-control", "content-encoding", "content-range", "content-type", "date", "expires", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "location", "pragma", "range",
        "retry-after", "set-cookie", "vary",
    ])

    private static func table(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }

    /// Returns how a trailer from a client is treated.
    package static func kind(_ name: some Collection<UInt8>) -> Kind {
        let isThis = { (other: [UInt8]) in other.elementsEqual(name.lazy.map(ASCII.lowercased)) }
        return self.refused.contains(where: isThis)
            ? .refused : self.discarded.contains(where: isThis) ? .discarded : .allowed
    }

    /// Whether a handler may send the field as a trailer.
    package static func isAllowedAsTrailer(_ name: some Collection<UInt8>) -> Bool { self.kind(name) == .allowed }
}
