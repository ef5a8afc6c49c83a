import NIOCore

/// Writes the response of one exchange on a stream: validates it (`ResponseValidator`), and submits header, body and
/// trailers to the session. Loop-bound.
struct HTTP2ResponseWriter {
    private var validator = ResponseValidator(isHead: false)
    private var isHead = false
    private var held = HTTP2HeldHeader()
    /// The trailers that were sent in several parts.
    private var trailers: FieldList?

    /// The status of the response; 0 if none was sent.
    private(set) var status = 0
    /// The number of body or WebSocket message bytes written.
    private(set) var bytesSent = 0

    mutating func start(_ head: RequestHead) {
        self.isHead = head.method.equals("HEAD")
        self.validator = ResponseValidator(isHead: self.isHead)
        self.status = 0
        self.bytesSent = 0
        self.trailers = nil
    }

    var isReplaceable: Bool { self.validator.isReplaceable }
    var isComplete: Bool { self.validator.isComplete }

    // MARK: The handler's response

    mutating func start(status: Int, fields: HeaderFields, trailers: Bool) throws(SendFault) {
        let fields = try self.validator.start(status: status, fields: fields, trailers: trailers)
        self.held.hold(status: status, fields)
        self.status = status
    }

    func hint(_ links: HeaderFields, on stream: HTTP2Stream, of connection: HTTP2Connection) throws(SendFault) {
        try self.validator.hint(links)
        let fields = connection.loop.http2Fields
        fields.clear(fields: links.count + 1, nameBytes: 64)
        fields.append(":status", number: 103)
        for link in links { fields.append(Octets("link"), link.value.trimmed) }
        connection.session.sendInterim(stream, fields.all)
    }

    /// Writes a part of the body. Returns whether the response is complete.
    mutating func write(
        _ body: ResponseBody, more: Bool, on stream: HTTP2Stream, of connection: HTTP2Connection
    ) throws(SendFault) -> Bool {
        let part = try self.validator.body(size: body.bytes.size, more: more)
        if part.isSent {
            self.bytesSent += body.bytes.size
            stream.body.append(body)
        } else if body.release != nil {
            connection.loop.willRelease(body)
        }
        self.advance(part, on: stream, of: connection)
        return part.isLast
    }

    /// Writes a part of a file as a part of the body. Returns whether the response is complete.
    mutating func write(
        _ file: ResponseFile, more: Bool, on stream: HTTP2Stream, of connection: HTTP2Connection
    ) throws(SendFault) -> Bool {
        let part = try self.validator.body(size: file.count, more: more, isWhole: file.isWhole)
        file.markSent()
        if part.isSent, file.count > 0 {
            self.bytesSent += file.count
            stream.body.append(connection.pieces(of: file, for: stream))
        }
        self.advance(part, on: stream, of: connection)
        return part.isLast
    }

    /// Submits the header before the first part, and the end after the last.
    private mutating func advance(
        _ part: ResponseValidator.Part, on stream: HTTP2Stream, of connection: HTTP2Connection
    ) {
        if part.endsBody { stream.body.end(hasTrailers: !part.isLast && part.isSent) }
        guard let content = part.content else { return connection.session.resume(stream) }
        let fields = connection.loop.http2Fields
        fields.begin(
            status: self.held.status, hasDate: self.held.hasDate, hasServer: self.held.hasServer,
            fields: self.held.count, nameBytes: self.held.nameBytes, loop: connection.loop)
        Self.append(content, to: fields)
        let hasBody = part.isSent && !(part.isLast && stream.body.isEmpty)
        self.held.withFields(fields.append(lowercasing:)) {
            connection.session.respond(stream, fields.all, hasBody: hasBody)
        }
        self.held.clear()
    }

    private static func append(_ content: ResponseValidator.Content, to fields: HTTP2Fields) {
        switch content {
        case .length(let length), .none(contentLength: .some(let length)):
            fields.append("content-length", number: length)
        case .none(contentLength: nil), .unknownLength: break
        }
    }

    /// Writes trailers. Returns whether the response is complete.
    mutating func write(
        trailers: HeaderFields, more: Bool, on stream: HTTP2Stream, of connection: HTTP2Connection
    ) throws(SendFault) -> Bool {
        let (areSent, isLast) = try self.validator.trailers(trailers, more: more)
        guard areSent else { return isLast }
        // They are one header block, also if the handler sends them in several parts.
        let list = self.trailers ?? FieldList(most: HTTP1Limits().fields)
        self.trailers = list
        for field in trailers where list.fields.count < HTTP1Limits().fields {
            list.append(name: field.name.bytes, value: field.value.trimmed.bytes)
        }
        guard isLast else { return false }
        connection.session.sendTrailers(stream, list)
        self.trailers = nil
        return true
    }

    /// Writes a complete response.
    mutating func respond(
        status: Int, fields: HeaderFields, body: ResponseBody, on stream: HTTP2Stream, of connection: HTTP2Connection
    ) throws(SendFault) {
        let (checked, content) = try self.validator.respond(status: status, fields: fields, size: body.bytes.size)
        self.status = status
        var hasContent = body.bytes.size > 0
        if case .none = content { hasContent = false }
        let list = connection.loop.http2Fields
        list.begin(
            status: status, hasDate: checked.hasDate, hasServer: checked.hasServer, fields: fields.count,
            nameBytes: checked.size, loop: connection.loop)
        Self.append(content, to: list)
        for field in fields where !ResponseFields.isServerControlled(field.name) { list.append(lowercasing: field) }
        if hasContent {
            self.bytesSent = body.bytes.size
            stream.body.append(body)
        } else if body.release != nil {
            connection.loop.willRelease(body)
        }
        stream.body.end(hasTrailers: false)
        connection.session.respond(stream, list.all, hasBody: hasContent)
    }

    // MARK: Responses of the server

    /// Writes a response by the server itself.
    mutating func answer(
        _ refusal: Refusal, to head: RequestHead, on stream: HTTP2Stream, of connection: HTTP2Connection
    ) {
        let answer = connection.loop.configuration.errorPages.answer(
            refusal.status, refusal.reason.description, to: head)
        self.validator = ResponseValidator(isHead: self.isHead)
        answer.body.withUnsafeBytes { body in
            answer.fields.withUnsafeBufferPointer { fields in
                // The fields are constant and valid, so that this does not fail.
                try? self.respond(
                    status: refusal.status, fields: fields, body: ResponseBody(Octets(body)), on: stream, of: connection
                )
            }
        }
        self.validator.complete()
    }

    /// Records that a WebSocket handshake was accepted in place of a response.
    mutating func switchProtocols() {
        self.status = 200
        self.validator.complete()
    }

    /// Counts the payload of a WebSocket message.
    mutating func count(message size: Int) { self.bytesSent += size }
}
