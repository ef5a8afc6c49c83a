import CASGI

/// The body of a request: an asynchronous sequence of its parts, in the order of their arrival.
///
/// Data is read from the client on demand. The body can be iterated once; afterwards the sequence is empty. Throws
/// `Disconnected` if the client disconnects before the body is complete.
///
/// ```swift
/// var size = 0
/// for try await part in receive.body { size += part.count }
/// ```
public struct RequestBody: AsyncSequence, Sendable {
    let call: HTTPCall

    /// Iterates over the parts of the body.
    ///
    /// ```swift
    /// var parts = receive.body.makeAsyncIterator()
    /// let first = try await parts.next()
    /// ```
    public struct AsyncIterator: AsyncIteratorProtocol {
        let call: HTTPCall

        public mutating func next() async throws -> [UInt8]? {
            try await self.call.receivePart()?.body
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: self.call) }

    /// Returns the complete body. Throws `HTTPError(413)` if it is larger than `limit` bytes; if `content-length`
    /// exceeds the limit, before anything is read.
    ///
    /// ```swift
    /// let image = try await receive.body.bytes(upTo: 4 << 20)
    /// ```
    public func bytes(upTo limit: Int) async throws -> [UInt8] {
        if let length = self.call.scope.headers["content-length"].flatMap({ Int($0) }), length > limit {
            throw Self.tooLarge(limit)
        }
        var bytes: [UInt8] = []
        while let part = try await self.call.receivePart() {
            guard part.body.count <= limit - bytes.count else { throw Self.tooLarge(limit) }
            if bytes.isEmpty { bytes = part.body } else { bytes += part.body }
        }
        return bytes
    }

    /// Returns the complete body as text. Throws as `bytes(upTo:)`, and `HTTPError(400)` if the body is not UTF-8.
    public func text(upTo limit: Int) async throws -> String {
        guard let text = String(validating: try await self.bytes(upTo: limit), as: UTF8.self) else {
            throw HTTPError(400, "the body is not UTF-8")
        }
        return text
    }

    /// Returns the fields of a URL-encoded form (`application/x-www-form-urlencoded`). Throws as `bytes(upTo:)`, and
    /// `HTTPError(415)` if the body has another media type.
    ///
    /// ```swift
    /// let form = try await receive.body.form(upTo: 1 << 20)
    /// let title = form["title"] ?? ""
    /// ```
    public func form(upTo limit: Int) async throws -> FormFields {
        // Parameters may follow the media type, after white space (RFC 9110 §5.6.6).
        let type = self.call.scope.headers["content-type"]?.prefix { $0 != ";" && $0 != " " && $0 != "\t" } ?? ""
        guard type.utf8.map(\.lowerCased).elementsEqual(FormFields.contentType.utf8) else {
            throw HTTPError(415, "expected the content type \(FormFields.contentType)")
        }
        return try await self.bytes(upTo: limit).withUnsafeBytes { FormFields($0) }
    }

    private static func tooLarge(_ limit: Int) -> HTTPError {
        HTTPError(413, "the body exceeds \(limit) bytes")
    }
}
