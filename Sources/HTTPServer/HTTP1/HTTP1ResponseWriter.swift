import NIOCore

/// Writes the response of one exchange: validates it (`ResponseValidator`), frames it (`HTTP1Framing`) and encodes it
/// (`HTTP1Encoder`) into the output of its connection. Loop-bound.
struct HTTP1ResponseWriter {
    private var validator = ResponseValidator(isHead: false)
    private var isHead = false
    private var version = HTTPVersion.http11
    /// The framing of the body, known once its first part is written.
    private var framing = HTTP1Framing.length(0)
    /// The response header without its framing, held back from `start` to the first part of the body.
    private var heldHeader = ByteBuffer()
    /// Whether the held response header asks to close the connection.
    private var closes = false
    /// The maximum capacity of `heldHeader` that is kept, in bytes.
    private static let maxKept = 64 * 1024

    /// The status of the response; 0 if none was sent.
    private(set) var status = 0
    /// The number of body or WebSocket message bytes written.
    private(set) var bytesSent = 0

    /// Prepares for the response to this request.
    mutating func start(_ head: RequestHead) {
        self.isHead = head.method.equals("HEAD")
        self.version = head.version
        self.validator = ResponseValidator(isHead: self.isHead)
        self.status = 0
        self.bytesSent = 0
    }

    /// Frees the memory of a large response header.
    mutating func trim() {
        if self.heldHeader.capacity > Self.maxKept { self.heldHeader = ByteBuffer() }
    }

    /// Whether nothing was written yet, so that another response can replace this one.
    var isReplaceable: Bool { self.validator.isReplaceable }
    var isComplete: Bool { self.validator.isComplete }

    // MARK: The handler's response

    mutating func start(
        status: Int, fields: HeaderFields, trailers: Bool, on connection: HTTP1Connection
    ) throws(SendFault) {
        let fields = try self.validator.start(status: status, fields: fields, trailers: trailers)
        self.heldHeader.clear()
        self.closes = fields.close
        self.status = status
        HTTP1Encoder.writeStart(status: status, fields: fields, loop: connection.loop, into: &self.heldHeader)
    }

    func hint(_ links: HeaderFields, on connection: HTTP1Connection) throws(SendFault) {
        try self.validator.hint(links)
        connection.output.encode { HTTP1Encoder.writeHint(links, into: &$0) }
    }

    /// Writes a part of the body. Returns whether the response is complete.
    mutating func write(
        _ body: ResponseBody, more: Bool, on connection: HTTP1Connection
    ) throws(SendFault) -> Bool {
        let part = try self.validator.body(size: body.bytes.size, more: more)
        self.writeHeader(before: part, on: connection)
        if !part.isSent || body.bytes.size == 0, body.release != nil { connection.loop.willRelease(body) }
        if part.isSent {
            self.writeFramed(size: body.bytes.size, ends: Self.end(of: part), on: connection) {
                connection.output.write(body)
            }
        }
        return part.isLast
    }

    /// Writes a part of a file as a part of the body. Returns whether the response is complete.
    mutating func write(
        _ file: ResponseFile, more: Bool, on connection: HTTP1Connection
    ) throws(SendFault) -> Bool {
        let part = try self.validator.body(size: file.count, more: more, isWhole: file.isWhole)
        self.writeHeader(before: part, on: connection)
        file.markSent()
        if part.isSent {
            self.writeFramed(size: file.count, ends: Self.end(of: part), on: connection) {
                connection.output.write(file)
            }
        }
        return part.isLast
    }

    /// Writes trailers. Returns whether the response is complete.
    mutating func write(
        trailers: HeaderFields, more: Bool, on connection: HTTP1Connection
    ) throws(SendFault) -> Bool {
        let (areSent, isLast) = try self.validator.trailers(trailers, more: more)
        guard areSent else { return isLast }
        connection.output.encode { output in
            HTTP1Encoder.write(trailers, into: &output)
            if isLast { HTTP1Encoder.write(Octets("\r\n"), into: &output) }
        }
        return isLast
    }

    /// Writes a complete response.
    @inline(__always)
    mutating func respond(
        status: Int, fields: HeaderFields, body: ResponseBody, on connection: HTTP1Connection
    ) throws(SendFault) {
        let (fields, content) = try self.validator.respond(status: status, fields: fields, size: body.bytes.size)
        let framing = HTTP1Framing(content, version: self.version, hasTrailers: false)
        let persistence = connection.persistence(close: fields.close, isWhole: true)
        var hasContent = true
        if case .none = content { hasContent = false }
        // A small body is encoded after the header, so that both leave in one write.
        let isSmall = hasContent && body.bytes.size <= ConnectionOutput.smallBody
        connection.output.encode { output in
            HTTP1Encoder.writeHead(
                status: status, fields: fields, framing: framing, persistence: persistence,
                body: isSmall ? body.bytes.bytes : Octets.empty.bytes, loop: connection.loop, into: &output
            )
        }
        self.status = status
        if hasContent { self.bytesSent = body.bytes.size }
        if hasContent && !isSmall {
            connection.output.write(body)
        } else if body.release != nil {
            connection.loop.willRelease(body)
        }
    }

    /// Writes the held response header before the first part of the body.
    private mutating func writeHeader(before part: ResponseValidator.Part, on connection: HTTP1Connection) {
        guard let content = part.content else { return }
        let framing = HTTP1Framing(content, version: self.version, hasTrailers: self.validator.hasTrailers)
        self.framing = framing
        let persistence = connection.persistence(close: self.closes || framing == .untilClose, isWhole: part.isLast)
        connection.output.encode { output in
            output.writeImmutableBuffer(self.heldHeader)
            HTTP1Encoder.writeEnd(framing: framing, persistence: persistence, into: &output)
        }
        if framing == .untilClose { connection.output.willEndBody() }
    }

    /// Returns the end of a chunked body: the last chunk, and the empty line unless trailers follow (RFC 9112 §7.1).
    private static func end(of part: ResponseValidator.Part) -> StaticString? {
        part.endsBody ? part.isLast ? "0\r\n\r\n" : "0\r\n" : nil
    }

    /// Writes bytes of the body in its framing. `ends`: written after them if the body is chunked.
    @inline(__always)
    private mutating func writeFramed(
        size: Int, ends: StaticString?, on connection: HTTP1Connection, _ body: () -> Void
    ) {
        self.bytesSent += size
        guard self.framing == .chunked else {
            if size > 0 { body() }
            return
        }
        if size > 0 {
            connection.output.encode { HTTP1Encoder.writeChunkSize(size, into: &$0) }
            body()
        }
        connection.output.encode { output in
            if size > 0 { HTTP1Encoder.write(Octets("\r\n"), into: &output) }
            if let ends { HTTP1Encoder.write(Octets(ends), into: &output) }
        }
    }

    // MARK: Responses of the server

    /// Writes a response by the server itself. A response to HEAD has no body (RFC 9110 §9.3.2).
    mutating func answer(_ refusal: Refusal, to head: RequestHead, close: Bool, on connection: HTTP1Connection) {
        let answer = connection.loop.configuration.errorPages.answer(
            refusal.status, refusal.reason.description, to: head)
        var persistence = connection.persistence(close: close, isWhole: true)
        if refusal.offersUpgrade, persistence == .close { persistence = .closeWithUpgrade }
        connection.output.encode { output in
            HTTP1Encoder.write(
                refusal, answer, persistence: persistence, hasBody: !self.isHead, loop: connection.loop, into: &output)
        }
        self.status = refusal.status
        self.bytesSent = self.isHead ? 0 : answer.body.count
        self.validator.complete()
    }

    /// Records that a WebSocket handshake was accepted in place of a response.
    mutating func switchProtocols() {
        self.status = 101
        self.validator.complete()
    }

    /// Counts the payload of a WebSocket message.
    mutating func count(message size: Int) { self.bytesSent += size }
}
