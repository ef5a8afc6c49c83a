import HTTPServer
import NIOCore

/// A WebSocket at the back of a relay. Loop-bound.
final class RelaySocket: WebSocket {
    private unowned let exchange: RelayExchange
    let subprotocols: UnsafeBufferPointer<Octets>
    private(set) var machine = WebSocketStateMachine()
    private var isConnectReceived = false
    private var message: (bytes: ByteBuffer, isText: Bool)?
    /// Whether the front may send a message that has not arrived yet. One at a time: events after it, such as the
    /// client's close frame, must not be seen early.
    private var isGranted = false
    /// How the WebSocket ended; `nil` until the front reports it.
    private var end: WebSocketClose?

    /// `subprotocols`: point into the memory of the exchange's head, and are valid as long.
    init(_ exchange: RelayExchange, subprotocols: [Octets]) {
        self.exchange = exchange
        let offered = UnsafeMutableBufferPointer<Octets>.allocate(capacity: subprotocols.count)
        _ = offered.initialize(from: subprotocols)
        self.subprotocols = UnsafeBufferPointer(offered)
    }

    deinit { self.subprotocols.deallocate() }

    // MARK: Receiving

    /// Receives a message or the end. The front sends either only if one was granted.
    func receive(_ frame: RelayFrame, _ given: RelayReader) throws(RelayFault) {
        guard self.isGranted, self.end == nil else { throw RelayFault() }
        self.isGranted = false
        var reader = given
        if frame.kind == .disconnect {
            let code = Int(try reader.number(UInt16.self))
            self.end = WebSocketClose(code, reason: reader.rest)
        } else if self.machine.isOpen {
            self.message = (ByteBuffer(bytes: reader.rest.bytes), frame.kind == .text)
        }
    }

    /// Ends the WebSocket: the link is lost. A message that has arrived can still be received.
    func lost() { if self.end == nil { self.end = WebSocketClose(WebSocketClose.lost) } }

    func receive() -> WebSocketReception {
        guard self.isConnectReceived else {
            self.isConnectReceived = true
            return .connect
        }
        if self.machine.end == nil {
            if let (bytes, isText) = self.message {
                self.message = nil
                return .message(self.exchange.lend(bytes), isText: isText)
            }
            if let end { _ = self.machine.received(end) }
            // The response that rejects the WebSocket is complete, or the client is gone.
            if self.machine.end == nil, !self.exchange.isOpen, !self.machine.isAccepted { self.machine.lost() }
        }
        if let end = self.machine.end {
            return .disconnect(code: end.code, reason: self.exchange.lend(ByteBuffer(bytes: end.reason)))
        }
        if !self.isGranted { self.exchange.grant(1) }
        self.isGranted = true
        return .pending
    }

    // MARK: Answering

    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        do throws(SendFault) {
            try self.machine.mayAccept()
            guard self.exchange.isAttached else { return .gone }
            try RelayFrame.checkSize(fields)
            _ = try AcceptedHandshake.check(subprotocol: subprotocol, offered: self.subprotocols, fields: fields)
            self.machine.accepted()
            self.exchange.output.send(.accept) { writer, output in
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
            guard message.isTaken || self.exchange.output.hasRoom else { return .full }
            guard message.bytes.size <= RelayFrame.maxSentMessage else { throw .tooLargeForFrame }
            try WebSocketMessage.check(message.bytes, isText: isText)
            self.exchange.write(message: message, isText: isText)
            return self.exchange.sent(isLast: false)
        } catch { return .invalid(error) }
    }

    func send(_ message: WebSocketMessage) -> SendOutcome {
        do throws(SendFault) {
            guard try self.machine.maySend(), self.exchange.isAttached else { return .gone }
            guard self.exchange.output.hasRoom else { return .full }
            guard message.size <= RelayFrame.maxSentMessage else { throw .tooLargeForFrame }
            message.withPayload { self.exchange.write(message: ResponseBody(Octets($0)), isText: message.isText) }
            return self.exchange.sent(isLast: false)
        } catch { return .invalid(error) }
    }

    func close(code: Int, reason: Octets) -> SendOutcome {
        do throws(SendFault) {
            let close = try WebSocketClose(sending: code, reason: reason)
            guard self.exchange.isAttached else { return .gone }
            switch try self.machine.close(close) {
            case .nothing, .finish: return .gone
            case .refuse, .sendClose, .sendLastClose:
                if !self.machine.isAccepted || self.machine.isClosed { self.exchange.refused() }
                self.exchange.output.send(.close) { writer, output in
                    writer.write(UInt16(code), to: &output)
                    writer.writeRest(reason.bytes, to: &output)
                }
                self.exchange.owner?.exchange(changed: .complete)
                return .done
            }
        } catch { return .invalid(error) }
    }

    // MARK: End

    /// Ends the WebSocket: the application has finished. The front closes it if it is still open.
    func end(failed: Bool) -> Ending {
        guard self.machine.isOpen, self.end == nil else { return .complete }
        let code = failed ? WebSocketClose.serverError : WebSocketClose.normal
        _ = self.machine.failed(WebSocketClose(code))
        return .closed(code: code)
    }

    func recycle() { self.message = nil }
}

@available(*, unavailable)
extension RelaySocket: Sendable {}
