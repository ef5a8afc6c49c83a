import NIOCore

/// A WebSocket whose client is another process's. Loop-bound.
final class RelaySocket: WebSocket {
    private unowned let exchange: RelayExchange
    let subprotocols: UnsafeBufferPointer<Octets>
    private(set) var machine = WebSocketStateMachine()
    private var isConnectTold = false
    private var messages: CircularBuffer<(bytes: ByteBuffer, isText: Bool)> = []
    /// A message was asked for, and has not come. One at a time: what is behind it, the client's close say, is not to be seen before.
    private var isAsked = false
    /// How it ended, when the front has said so.
    private var end: WebSocketClose?

    /// The subprotocols live as long as the exchange's head.
    init(_ exchange: RelayExchange, subprotocols: [Octets]) {
        self.exchange = exchange
        let offered = UnsafeMutableBufferPointer<Octets>.allocate(capacity: subprotocols.count)
        _ = offered.initialize(from: subprotocols)
        self.subprotocols = UnsafeBufferPointer(offered)
    }

    deinit { self.subprotocols.deallocate() }

    // MARK: Receiving

    func append(_ octets: Octets, isText: Bool) {
        self.isAsked = false
        guard self.machine.isOpen else { return }
        self.messages.append((ByteBuffer(bytes: octets.bytes), isText))
        self.exchange.owner?.exchange(changed: .readable)
    }

    /// The client has gone, or closed: what it has sent before can still be received.
    func ended(_ close: WebSocketClose) { if self.end == nil { self.end = close } }

    func receive() -> WebSocketReception {
        guard self.isConnectTold else {
            self.isConnectTold = true
            return .connect
        }
        if self.machine.end == nil {
            if let (bytes, isText) = self.messages.popFirst() {
                return .message(self.exchange.lend(bytes), isText: isText)
            }
            if let end { _ = self.machine.received(end) }
            // A response in its place is complete.
            if self.machine.end == nil, !self.exchange.isOpen, !self.machine.isAccepted { self.machine.lost() }
        }
        if let end = self.machine.end {
            return .disconnect(code: end.code, reason: self.exchange.lend(ByteBuffer(bytes: end.reason)))
        }
        if !self.isAsked { self.exchange.ask(1) }
        self.isAsked = true
        return .pending
    }

    // MARK: Answering

    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        do throws(SendFault) {
            try self.machine.mayAccept()
            guard self.exchange.isAttached else { return .gone }
            _ = try AcceptedHandshake.check(subprotocol: subprotocol, offered: self.subprotocols, fields: fields)
            self.machine.accepted()
            self.exchange.link?.send(.accept, self.exchange.stream) { writer, output in
                writer.write(self.exchange.number, to: &output)
                writer.write(subprotocol, to: &output)
                writer.write(fields, to: &output)
            }
            return .done
        } catch { return .invalid(error) }
    }

    func reject(status: Int, fields: HeaderFields) -> SendOutcome {
        do throws(SendFault) {
            try self.machine.mayReject()
            guard self.exchange.isAttached else { return .gone }
            try self.exchange.reject(status: status, fields: fields)
            self.machine.rejectionBegan()
            return .done
        } catch { return .invalid(error) }
    }

    func reject(_ body: ResponseBody, more: Bool) -> SendOutcome {
        do throws(SendFault) {
            try self.machine.mayReject()
            return try self.exchange.reject(body, more: more)
        } catch { return .invalid(error) }
    }

    func send(_ message: ResponseBody, isText: Bool) -> SendOutcome {
        do throws(SendFault) {
            guard try self.machine.maySend(), self.exchange.isAttached else { return .gone }
            guard message.isTaken || self.exchange.hasRoom else { return .full }
            guard !isText || UTF8Check.isWhole(message.bytes.bytes) else { return .invalid(.notUTF8) }
            self.exchange.write(message: message, isText: isText)
            return self.exchange.sent(isLast: false)
        } catch { return .invalid(error) }
    }

    func send(_ message: WebSocketMessage) -> SendOutcome {
        do throws(SendFault) {
            guard try self.machine.maySend(), self.exchange.isAttached else { return .gone }
            guard self.exchange.hasRoom else { return .full }
            message.withPayload { self.exchange.write(message: ResponseBody(Octets($0)), isText: message.isText) }
            return self.exchange.sent(isLast: false)
        } catch { return .invalid(error) }
    }

    func close(code: Int, reason: Octets) -> SendOutcome {
        guard WebSocketClose.mayBeSent(code) else { return .invalid(.closeCode) }
        guard reason.size <= WebSocketClose.longestReason, UTF8Check.isWhole(reason.bytes) else {
            return .invalid(.closeReason)
        }
        do throws(SendFault) {
            guard self.exchange.isAttached else { return .gone }
            switch try self.machine.close(WebSocketClose(code, reason: reason)) {
            case .nothing, .finish: return .gone
            case .refuse, .sendClose, .sendLastClose:
                if !self.machine.isAccepted || self.machine.isClosed { self.exchange.refused() }
                self.exchange.link?.send(.close, self.exchange.stream) { writer, output in
                    writer.write(UInt16(code), to: &output)
                    writer.writeRest(reason.bytes, to: &output)
                }
                self.exchange.owner?.exchange(changed: .complete)
                return .done
            }
        } catch { return .invalid(error) }
    }

    // MARK: The end

    /// Whoever answers has finished, and nothing else has ended the socket: the front closes it.
    func end(failed: Bool) -> Ending {
        guard self.machine.isOpen, self.end == nil else { return .complete }
        let code = failed ? WebSocketClose.serverError : WebSocketClose.normal
        _ = self.machine.failed(WebSocketClose(code))
        return .closed(code: code)
    }

    func rest() { self.messages.removeAll() }
}
