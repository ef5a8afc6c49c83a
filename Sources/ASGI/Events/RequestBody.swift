import CASGI

/// The body of a request: an asynchronous sequence of its parts, as they come.
///
/// Nothing is read from the client but what is asked for. It can be gone through once: when it was complete, nothing is left.
/// Throws `Disconnected` when the client leaves before that.
///
/// ```swift
/// var size = 0
/// for try await part in receive.body { size += part.count }
/// ```
public struct RequestBody: AsyncSequence, Sendable {
    let call: HTTPCall

    /// Takes the parts one after another.
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

    /// The whole body. Throws `HTTPError(413)` when it is larger than `limit` bytes: by its `content-length` before
    /// anything is read.
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

    /// The whole body as text. Throws `HTTPError(413)` as `bytes(upTo:)`, `HTTPError(400)` when it is not UTF-8.
    public func text(upTo limit: Int) async throws -> String {
        guard let text = String(validating: try await self.bytes(upTo: limit), as: UTF8.self) else {
            throw HTTPError(400, "the body is not UTF-8")
        }
        return text
    }

    /// The fields of a form that was posted as `application/x-www-form-urlencoded`, as browsers do. Throws
    /// `HTTPError(413)` as `bytes(upTo:)`, `HTTPError(415)` for another type.
    ///
    /// ```swift
    /// let form = try await receive.body.form(upTo: 1 << 20)
    /// let title = form["title"] ?? ""
    /// ```
    public func form(upTo limit: Int) async throws -> FormFields {
        // Parameters may follow, with white space before them (RFC 9110 §5.6.6).
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
