import NIOCore

/// The response, as whoever answers sends it.
extension HTTP1Exchange {
    var isOpen: Bool { self.connection != nil }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard self.connection != nil else { return self.closedOutcome }
        do {
            try self.response.mayStart(status: status)
            let fields = try ResponseFields(fields)
            try self.response.start(status: status, contentLength: fields.contentLength, trailers: trailers)
            self.heldHead.clear()
            self.heldClose = fields.close
            self.status = status
            HTTP1Encoder.writeStart(status: status, fields: fields, loop: self.loop, into: &self.heldHead)
            return .done
        } catch { return .invalid(error) }
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard isTaken || connection.hasRoom else { return .full }
        do {
            try self.response.mayHint()
            for link in links { try ResponseFields.check(value: link.value) }
            self.loop.withOutput(of: connection) { HTTP1Encoder.writeHint(links, into: &$0) }
            connection.wrote()
            // A sender that was not asked to wait before learns now that it has to.
            return isTaken ? connection.outcome(for: self) : .done
        } catch { return .invalid(error) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard body.isTaken || connection.hasRoom else { return .full }
        do {
            let part = try self.begin(count: body.bytes.size, more: more, on: connection)
            self.write(body, framing: part.body, ends: self.end(of: part), on: connection)
            return self.sent(isLast: part.isLast, on: connection)
        } catch { return .invalid(error) }
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard isTaken || connection.hasRoom else { return .full }
        do {
            if file.isWhole { try self.response.mayBeWhole() }
            let part = try self.begin(count: file.count, more: more, on: connection)
            file.taken()
            if let framing = part.body {
                self.write(size: file.count, framing: framing, ends: self.end(of: part), on: connection) {
                    connection.write(file)
                }
            }
            return self.sent(isLast: part.isLast, on: connection)
        } catch { return .invalid(error) }
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard isTaken || connection.hasRoom else { return .full }
        do throws(SendFault) {
            for field in trailers {
                try ResponseFields.check(field)
                guard TrailerField.mayTrail(field.name.bytes) else { throw .trailerField }
            }
            let (areWritten, isLast) = try self.response.trailers(more: more)
            if areWritten {
                self.loop.withOutput(of: connection) { output in
                    HTTP1Encoder.write(trailers, into: &output)
                    if isLast { HTTP1Encoder.write(Octets("\r\n"), into: &output) }
                }
            }
            return self.sent(isLast: isLast, on: connection)
        } catch { return .invalid(error) }
    }

    /// Takes a part of the body, and writes the head if it is the first.
    private func begin(
        count: Int, more: Bool, on connection: HTTP1Connection
    ) throws(SendFault) -> HTTP1Response.Part {
        let part = try self.response.body(count: count, more: more)
        if let framing = part.head {
            let persistence = connection.persistence(
                close: self.heldClose || framing == .untilClose, isWhole: part.isLast
            )
            self.loop.withOutput(of: connection) { output in
                output.writeImmutableBuffer(self.heldHead)
                HTTP1Encoder.writeEnd(framing: framing, persistence: persistence, into: &output)
            }
            if framing == .untilClose { connection.willEndBody() }
        }
        return part
    }

    private func sent(isLast: Bool, on connection: HTTP1Connection) -> SendOutcome {
        connection.wrote()
        if isLast { self.complete(connection) }
        return connection.outcome(for: self)
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard body.isTaken || connection.hasRoom else { return .full }
        do {
            try self.response.mayStart(status: status)
            let fields = try ResponseFields(fields)
            let bodiless = self.response.bodiless(
                status: status, contentLength: fields.contentLength, whole: body.bytes.size)
            if bodiless == nil, let length = fields.contentLength, length != body.bytes.size {
                return .invalid(.contentLength)
            }
            let framing = bodiless ?? .length(body.bytes.size)
            let persistence = connection.persistence(close: fields.close, isWhole: true)
            // A small body stands behind its head, and both leave in one write.
            let isSmall = bodiless == nil && body.bytes.size <= HTTP1Connection.smallBody
            self.loop.withOutput(of: connection) { output in
                HTTP1Encoder.writeHead(
                    status: status, fields: fields, framing: framing, persistence: persistence,
                    body: isSmall ? body.bytes.bytes : Octets.empty.bytes, loop: self.loop, into: &output
                )
            }
            self.status = status
            if isSmall {
                self.bytesSent = body.bytes.size
                if body.release != nil { self.loop.willRelease(body) }
            } else {
                self.write(body, framing: bodiless == nil ? framing : nil, ends: nil, on: connection)
            }
            self.response.complete()
            return self.sent(isLast: true, on: connection)
        } catch { return .invalid(error) }
    }

    /// What ends chunks: the last one, and the empty line unless trailers come before it (RFC 9112 §7.1).
    private func end(of part: HTTP1Response.Part) -> StaticString? {
        part.endsBody ? part.isLast ? "0\r\n\r\n" : "0\r\n" : nil
    }

    /// Writes a part of the body in its framing; without one its bytes are dropped. `ends`: what follows, if it is chunked.
    private func write(
        _ body: ResponseBody, framing: HTTP1Response.Framing?, ends: StaticString?, on connection: HTTP1Connection
    ) {
        let size = body.bytes.size
        if size == 0 || framing == nil, body.release != nil { self.loop.willRelease(body) }
        guard let framing else { return }
        self.write(size: size, framing: framing, ends: ends, on: connection) { connection.write(body) }
    }

    @inline(__always)
    private func write(
        size: Int, framing: HTTP1Response.Framing, ends: StaticString?, on connection: HTTP1Connection,
        _ body: () -> Void
    ) {
        self.bytesSent += size
        guard framing == .chunked else {
            if size > 0 { body() }
            return
        }
        if size > 0 {
            self.loop.withOutput(of: connection) { HTTP1Encoder.writeChunkSize(size, into: &$0) }
            body()
        }
        self.loop.withOutput(of: connection) { output in
            if size > 0 { HTTP1Encoder.write(Octets("\r\n"), into: &output) }
            if let ends { HTTP1Encoder.write(Octets(ends), into: &output) }
        }
    }

    /// What is said to whoever sends when there is no connection any more.
    private var closedOutcome: SendOutcome {
        self.response.isComplete && !self.isRefused ? .invalid(.afterComplete) : .gone
    }
}
