import HTTPServer
import NIOConcurrencyHelpers

/// `compress`: compresses responses with gzip (RFC 1952) for clients that accept it.
///
/// Not on by default: where a response has a secret and text of an attacker, its compressed size tells about the secret
/// (BREACH).
struct Compression: Middleware {
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
        self.streams = .ofLevel(Int32(try options.number("level", 1...9) ?? 4))
        self.minSize = try options.number("min-size", 0...Int.max) ?? 1024
        let types = options.texts("types", splits: true).map { $0.lowercased() }
        for type in types where type.split(separator: "/").count != 2 {
            throw options.fault("types", "'\(type)' is not a media type; examples: application/json, text/*")
        }
        self.types = types.isEmpty ? Self.usualTypes : types
    }

    var changesResponses: Bool { true }

    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        if response.status == 304 { return self.changeNotModified(&response, to: request) }
        guard response.compression == nil, self.isCompressible(response) else { return }
        response.vary("accept-encoding")
        guard AcceptEncoding(request.value("accept-encoding")).weight(of: "gzip") > 0,
            !request.head.method.equals("HEAD"),
            let stream = self.streams.stream()
        else { return }
        response.compression = GzipCompression(stream, of: self.streams)
        // The bytes differ from those of a strong tag (RFC 9110 §8.8.1).
        Self.weaken(&response)
        response.remove(Octets("content-length"))
        response.remove(Octets("accept-ranges"))
        response.add(HeaderField(name: Octets("content-encoding"), value: Octets("gzip")))
    }

    /// A 304 has the fields that the 200 would have (RFC 9110 §15.4.5), which the client's tag shows.
    private func changeNotModified(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        let tag = response.value("etag").text
        guard tag.hasPrefix("\""), request.value("if-none-match").text.contains("W/\(tag)") else { return }
        response.vary("accept-encoding")
        Self.weaken(&response)
    }

    private static func weaken(_ response: inout MiddlewareResponse) {
        let tag = response.value("etag").text
        guard tag.hasPrefix("\"") else { return }
        response.remove(Octets("etag"))
        response.add(Octets("etag"), "W/\(tag)")
    }

    private func isCompressible(_ response: MiddlewareResponse) -> Bool {
        guard response.hasBody, ![204, 205, 206].contains(response.status) else { return false }
        if let size = response.bodySize ?? Int(response.value("content-length").text) {
            guard self.minSize...max(self.minSize, Self.maxSize) ~= size else { return false }
        }
        // A digest is of the bytes as the application has sent them.
        for name in ["content-encoding", "content-range", "content-digest", "repr-digest", "content-md5"]
            as [StaticString]
        where response.value(name).size > 0 { return false }
        guard !response.value("cache-control").text.lowercased().contains("no-transform") else { return false }
        let type = response.value("content-type").text.lowercased().prefix { $0 != ";" && $0 != " " }
        // A stream of events stays open, and its compression would take memory for as long.
        if type == "text/event-stream" { return self.types.contains("text/event-stream") }
        return self.types.contains { pattern in
            pattern == type || (pattern.hasSuffix("/*") && type.hasPrefix(pattern.dropLast()))
        }
    }
}
