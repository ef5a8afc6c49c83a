package import CASGI
package import HTTPServer
import Logging
import RoostSystem

/// Events that the module sends.
extension Scope {
    /// Sends an event. `file`: the file that the event names, if it is already open. `isTaken`: whether the caller was
    /// told that the event is accepted, whatever its size.
    package func send(
        _ event: UnsafePointer<asgi_event>, _ completion: Completion, file: ResponseFile? = nil, isTaken: Bool = false
    ) -> asgi_result {
        guard let exchange = self.openExchange else { return ASGI_STALE }
        // Read here: an application that wraps this one may send meanwhile, which can use the memory of the event.
        let type = event.pointee.type
        var body = ResponseBody(
            Octets(event.pointee.body), release: event.pointee.release, context: event.pointee.release_context
        )
        body.isTaken = isTaken
        guard event.pointee.body.data != nil || event.pointee.body.size == 0,
            event.pointee.text.data != nil || event.pointee.text.size == 0
        else { return self.refuse(type, .noBytes) }
        let outcome: SendOutcome
        do {
            let sent =
                if let socket { Self.send(event.pointee, body, to: socket) } else {
                    try Self.send(event.pointee, body, file, to: exchange)
                }
            guard let sent else { return ASGI_UNSUPPORTED }
            outcome = sent
        } catch {
            self.log(.sendFailed, ["event": "\(EventName(type))", "reason": "\(error)"])
            return ASGI_FAILED
        }
        switch outcome {
        case .done, .pending:
            // The exchange releases only the body of an event that has one; any other release is called here.
            if !Self.hasBody(type) { self.loop.willRelease(body) }
            guard case .pending = outcome else { return ASGI_DONE }
            if case .noCompletion = completion {} else { self.senders.append(completion) }
            return ASGI_PENDING
        case .full: return ASGI_FULL
        case .gone: return ASGI_GONE
        case .invalid(let fault): return self.refuse(type, fault)
        }
    }

    private func refuse(_ type: UInt32, _ fault: SendFault) -> asgi_result {
        self.log(.callRefused, ["call": "send", "event": "\(EventName(type))", "reason": "\(fault.reason)"])
        return ASGI_INVALID
    }

    private static func hasBody(_ type: UInt32) -> Bool {
        switch type {
        case ASGI_HTTP_RESPONSE, ASGI_HTTP_RESPONSE_BODY, ASGI_WEBSOCKET_SEND, ASGI_WEBSOCKET_HTTP_RESPONSE_BODY: true
        default: false
        }
    }

    /// Returns nil if this connection does not support the event.
    @inline(__always)
    private static func send(
        _ event: asgi_event, _ body: ResponseBody, _ file: ResponseFile?, to exchange: any Exchange
    ) throws(FileFault) -> SendOutcome? {
        let status = Int(event.status)
        let more = event.flags & ASGI_MORE != 0
        let fields = event.fields
        switch event.type {
        case ASGI_HTTP_RESPONSE:
            guard event.flags == 0 else { return nil }
            return exchange.respond(status: status, fields: fields, body: body)
        case ASGI_HTTP_RESPONSE_START:
            let trailers = event.flags == ASGI_TRAILERS
            guard event.flags == 0 || (trailers && exchange.head.acceptsTrailers) else { return nil }
            return exchange.start(status: status, fields: fields, trailers: trailers)
        case ASGI_HTTP_RESPONSE_BODY:
            guard event.flags & ~ASGI_MORE == 0 else { return nil }
            return exchange.send(body, more: more)
        case ASGI_HTTP_RESPONSE_TRAILERS:
            guard event.flags & ~ASGI_MORE == 0, exchange.head.acceptsTrailers else { return nil }
            return exchange.send(trailers: fields, more: more, isTaken: body.isTaken)
        case ASGI_HTTP_RESPONSE_EARLY_HINT:
            guard event.flags == 0, exchange.head.version != .http10 else { return nil }
            return exchange.hint(fields, isTaken: body.isTaken)
        case ASGI_HTTP_RESPONSE_PATHSEND, ASGI_HTTP_RESPONSE_ZEROCOPYSEND:
            let isWhole = event.type == ASGI_HTTP_RESPONSE_PATHSEND
            let isConditional = event.flags == ASGI_CONDITIONAL
            guard isConditional || event.flags & ~(isWhole ? 0 : ASGI_MORE) == 0 else { return nil }
            guard let file = if let file { file } else { try ResponseFile.named(by: event) } else { return nil }
            guard !isConditional else {
                return ConditionalFile(file, fields, to: exchange, isTaken: body.isTaken).send(
                    named: Octets(event.text))
            }
            return exchange.send(file, more: more, isTaken: body.isTaken)
        case ASGI_WEBSOCKET_ACCEPT...ASGI_WEBSOCKET_HTTP_RESPONSE_BODY,
            ASGI_LIFESPAN_STARTUP_COMPLETE...ASGI_LIFESPAN_SHUTDOWN_FAILED:
            return .invalid(.httpScope)
        default: return nil
        }
    }

    private static func send(_ event: asgi_event, _ body: ResponseBody, to socket: any WebSocket) -> SendOutcome? {
        switch event.type {
        case ASGI_WEBSOCKET_SEND:
            guard event.flags & ~ASGI_TEXT == 0 else { return nil }
            return socket.send(body, isText: event.flags & ASGI_TEXT != 0)
        case ASGI_WEBSOCKET_ACCEPT:
            guard event.flags == 0 else { return nil }
            return socket.accept(subprotocol: Octets(event.text), fields: event.fields)
        case ASGI_WEBSOCKET_CLOSE:
            guard event.flags == 0 else { return nil }
            return socket.close(code: event.code == 0 ? 1000 : Int(event.code), reason: Octets(event.text))
        case ASGI_WEBSOCKET_HTTP_RESPONSE_START:
            guard event.flags == 0 else { return nil }
            return socket.reject(status: Int(event.status), fields: event.fields)
        case ASGI_WEBSOCKET_HTTP_RESPONSE_BODY:
            guard event.flags & ~ASGI_MORE == 0 else { return nil }
            return socket.reject(body, more: event.flags & ASGI_MORE != 0)
        case ASGI_HTTP_RESPONSE...ASGI_HTTP_RESPONSE_DEBUG,
            ASGI_LIFESPAN_STARTUP_COMPLETE...ASGI_LIFESPAN_SHUTDOWN_FAILED:
            return .invalid(.webSocketScope)
        default: return nil
        }
    }
}

extension SendFault {
    static let httpScope = SendFault("this scope is an http scope")
    static let webSocketScope = SendFault("this scope is a websocket scope")
    static let noBytes = SendFault("a text or a body has a size but no bytes")
}

extension asgi_event {
    /// The event's headers; the server borrows them.
    fileprivate var fields: HeaderFields {
        HeaderFields(
            start: UnsafeRawPointer(self.headers)?.assumingMemoryBound(to: HeaderField.self),
            count: self.headers == nil ? 0 : self.header_count
        )
    }
}

extension ResponseFile {
    /// The file that an event names, or nil if it is an event of another type.
    package static func named(by event: asgi_event) throws(FileFault) -> ResponseFile? {
        switch event.type {
        case ASGI_HTTP_RESPONSE_PATHSEND: try .open(Octets(event.text))
        case ASGI_HTTP_RESPONSE_ZEROCOPYSEND:
            try .duplicate(event.file, offset: Int(event.offset), count: Int(event.count))
        default: nil
        }
    }
}
