import HTTPServer
import NIOConcurrencyHelpers

/// `compress`: compresses responses with gzip (RFC 1952) for clients that accept it.
///
/// Not on by default: where a response has a secret and text of an attacker, its compressed size tells about the secret
/// (BREACH).
struct Compression: Middleware {
    private let level: Int32
    private let minSize: Int
    private let types: [String]
    private let streams: GzipStreams

    private static let usualTypes = [
        "text/*", "application/json", "application/javascript", "application/xml", "application/wasm", "image/svg+xml",
        "application/manifest+json", "application/ld+json", "application/xhtml+xml", "application/rss+xml",
        "application/atom+xml",
    ]
    /// A larger response in one piece would block the event loop for too long.
    private static let maxSize = 1 << 20

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        self.level = Int32(try options.number("level", 1...9) ?? 4)
        self.minSize = try options.number("min-size", 0...Int.max) ?? 1024
        let types = options.texts("types", splits: true).map { $0.lowercased() }
        for type in types where type.split(separator: "/").count != 2 {
            throw options.fault("types", "'\(type)' is not a media type; examples: application/json, text/*")
        }
        self.types = types.isEmpty ? Self.usualTypes : types
        self.streams = GzipStreams(level: self.level)
    }

    var changesResponses: Bool { true }

    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        guard response.compression == nil, self.isCompressible(response) else { return }
        response.vary("accept-encoding")
        guard Self.accepts(request.value("accept-encoding")), !request.head.method.equals("HEAD"),
            let stream = self.streams.stream()
        else { return }
        response.compression = GzipCompression(stream, of: self.streams)
        let tag = response.value("etag").text
        if tag.hasPrefix("\"") {
            // The bytes differ from those of the tag (RFC 9110 §8.8.1).
            response.remove(Octets("etag"))
            response.add(Octets("etag"), "W/\(tag)")
        }
        response.remove(Octets("content-length"))
        response.remove(Octets("accept-ranges"))
        response.add(HeaderField(name: Octets("content-encoding"), value: Octets("gzip")))
    }

    private func isCompressible(_ response: MiddlewareResponse) -> Bool {
        guard response.hasBody, ![204, 205, 206, 304].contains(response.status) else { return false }
        if let size = response.bodySize { guard self.minSize...Self.maxSize ~= size else { return false } }
        guard response.value("content-encoding").size == 0, response.value("content-range").size == 0,
            !response.value("cache-control").text.lowercased().contains("no-transform")
        else { return false }
        let type = response.value("content-type").text.lowercased().prefix { $0 != ";" && $0 != " " }
        return self.types.contains { pattern in
            pattern == type || (pattern.hasSuffix("/*") && type.hasPrefix(pattern.dropLast()))
        }
    }

    /// Whether the client accepts gzip (RFC 9110 §12.5.3).
    private static func accepts(_ field: Octets) -> Bool {
        for member in field.text.lowercased().split(separator: ",") {
            let parts = member.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard parts.first == "gzip" || parts.first == "*" else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            return weight.map { !$0.allSatisfy { $0 == "0" || $0 == "." } } ?? true
        }
        return false
    }
}
