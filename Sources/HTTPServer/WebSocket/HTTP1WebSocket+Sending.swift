import NIOCore

/// Messages and the close, as whoever answers sends them; and what the sweep over the loop's connections looks at.
extension HTTP1WebSocket {
    func send(_ message: ResponseBody, isText: Bool) -> SendOutcome {
        do {
            guard try self.machine.maySend(), let connection = self.live, let request else { return .gone }
            guard message.isTaken || connection.hasRoom else { return .full }
            try WebSocketMessage.check(message.bytes, isText: isText)
            request.sent(message: message.bytes.size)
            self.write(message, isText: isText, to: connection)
            connection.wrote()
            return connection.outcome(for: request)
        } catch { return .invalid(error) }
    }

    private func write(_ message: ResponseBody, isText: Bool, to connection: HTTP1Connection) {
        let size = message.bytes.size
        if let deflater, MessageDeflater.sizes ~= size, let deflated = deflater.deflate(message.bytes.bytes) {
            self.since = self.loop.tick
            if message.release != nil { self.loop.willRelease(message) }
            return self.loop.withOutput(of: connection) { output in
                deflated.withUnsafeReadableBytes {
                    WebSocketEncoder.write($0, isText: isText, isCompressed: true, into: &output)
                }
            }
        }
        guard size > HTTP1Connection.smallBody else {
            if message.release != nil { self.loop.willRelease(message) }
            return self.loop.withOutput(of: connection) {
                WebSocketEncoder.write(message.bytes.bytes, isText: isText, isCompressed: false, into: &$0)
            }
        }
        self.loop.withOutput(of: connection) {
            WebSocketEncoder.writeHead(size: size, isText: isText, isCompressed: false, into: &$0)
        }
        connection.write(message)
    }

    func send(_ message: WebSocketMessage) -> SendOutcome {
        do {
            guard try self.machine.maySend(), let connection = self.live, let request else { return .gone }
            guard connection.hasRoom else { return .full }
            request.sent(message: message.size)
            connection.write(message.frame)
            connection.wrote()
            return connection.outcome(for: request)
        } catch { return .invalid(error) }
    }

    func close(code: Int, reason: Octets) -> SendOutcome {
        do {
            let close = try WebSocketClose(sending: code, reason: reason)
            let next = try self.machine.close(close)
            switch next {
            case .refuse:
                guard let request, request.connection != nil else { return .gone }
                request.answerForbidden()
                return .done
            case .nothing, .finish: return .gone
            case .sendClose, .sendLastClose:
                guard self.live != nil else { return .gone }
                self.follow(next, with: close)
                self.request?.owner?.exchange(changed: .complete)
                return .done
            }
        } catch { return .invalid(error) }
    }

    // MARK: The sweep

    /// So many ticks after the last message what compression keeps is given back.
    private static let idleTime = 5

    func lookAtClock() {
        let now = self.loop.tick
        if self.machine.isClosing {
            // The client does not answer our close.
            if now - self.since > self.loop.configuration.webSocket.closeTime { self.connection?.abort(reset: true) }
            return
        }
        guard self.machine.isOpen, let connection else { return }
        if connection.machine.inputEnded, now - connection.since > self.loop.configuration.halfCloseTime {
            return connection.abort()
        }
        self.answerOwedPing()
        if now - self.since == Self.idleTime { self.putContextsAside() }
        // What was sent waits until somebody receives: an answer to a ping may be behind it.
        guard connection.input.readableBytes == 0 else { return self.clock.heard(now: now) }
        switch self.clock.look(now: now) {
        case .wait: break
        case .ping:
            self.loop.withOutput(of: connection) { WebSocketEncoder.writePing(into: &$0) }
            connection.wrote()
        case .giveUp:
            self.fail(
                WebSocketClose(WebSocketClose.serverError, "no answer to a ping"),
                toldAs: WebSocketClose(WebSocketClose.lost)
            )
        }
    }

    /// The host stops.
    func leaveForRestart() {
        guard self.machine.isOpen else { return }
        let close = WebSocketClose(WebSocketClose.restart, "the server restarts")
        self.follow(self.machine.failed(close), with: close)
    }
}
