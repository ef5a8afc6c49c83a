import CASGI
import HTTPServer

/// The exchange of an application that another one wraps and has called. The wrapping application may have changed the
/// request header, and may change the beginning of the response.
final class NextExchange: ForwardingExchange {
    private let call: NextCall
    private let changedHead: RequestHead
    private let wrapper: WrapperExchange
    /// The scope of the wrapping application; nil once this exchange has been recycled.
    private var scope: Scope?
    private let id: asgi_id
    private lazy var nextSocket = self.inner.webSocket.map { NextWebSocket($0, of: self) }

    /// `scope`: the one of the wrapping application, which has `wrapper`.
    init(_ inner: any Exchange, _ call: NextCall, of scope: Scope, _ wrapper: WrapperExchange) {
        self.call = call
        self.changedHead = call.head(of: inner.head)
        self.scope = scope
        self.id = scope.id
        self.wrapper = wrapper
        super.init(inner)
    }

    override var head: RequestHead { self.changedHead }
    override var webSocket: (any WebSocket)? {
        self.call.start == nil ? self.inner.webSocket : self.nextSocket
    }

    override func exchange(changed change: ExchangeChange) {
        self.wrapper.exchange(changed: change)
        super.exchange(changed: change)
    }

    override func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        self.begin(.response, status: status, fields: fields) { status, _, fields in
            self.inner.start(status: status, fields: fields, trailers: trailers)
        }
    }

    override func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        self.begin(.response, status: status, fields: fields) { status, _, fields in
            self.inner.respond(status: status, fields: fields, body: body)
        }
    }

    /// Passes the beginning of a response to the wrapping application, and begins it if that one does not.
    func begin(
        _ kind: ResponseBeginning.Kind, status: Int = 0, subprotocol: Octets = .empty, fields: HeaderFields,
        _ begin: @escaping (Int, Octets, HeaderFields) -> SendOutcome
    ) -> SendOutcome {
        guard let start = self.call.start, let scope, scope.slot.pointee.isOpen(self.id), self.inner.isOpen else {
            return begin(status, subprotocol, fields)
        }
        return scope.loop.withoutCompletions {
            self.callStart(start, kind, status, subprotocol, fields, of: scope, begin)
                ?? begin(status, subprotocol, fields)
        }
    }

    /// Calls the wrapping application. Returns the outcome if it has begun the response.
    private func callStart(
        _ start: NextCall.Start, _ kind: ResponseBeginning.Kind, _ status: Int, _ subprotocol: Octets,
        _ fields: HeaderFields, of scope: Scope, _ begin: @escaping (Int, Octets, HeaderFields) -> SendOutcome
    ) -> SendOutcome? {
        var outcome: SendOutcome?
        self.wrapper.beginning = ResponseBeginning(kind, begin) { outcome = $0 }
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.assumingMemoryBound(to: asgi_event.self)
            asgi_event_reset(event, kind.eventType)
            event.pointee.status = Int32(clamping: status)
            event.pointee.text = asgi_string(subprotocol)
            event.pointee.headers = UnsafeRawPointer(fields.baseAddress)?.assumingMemoryBound(to: asgi_header.self)
            event.pointee.header_count = fields.count
            scope.loop.callingWithin(scope.generation, scope.memory) {
                start(self.call.context, self.id, event, sendCall)
            }
        }
        self.wrapper.beginning = nil
        return outcome
    }

    override func end(failed: Bool) -> Ending {
        let ending = super.end(failed: failed)
        self.scope?.nextEnded(failed: failed)
        return ending
    }

    /// The scope of the wrapping application recycles the inner exchange, since it refers to its memory, too.
    override func recycle() {
        let scope = self.scope
        self.scope = nil
        scope?.nextRecycled()
    }
}

extension ResponseBeginning.Kind {
    fileprivate var eventType: UInt32 {
        switch self {
        case .response: ASGI_HTTP_RESPONSE_START
        case .acceptance: ASGI_WEBSOCKET_ACCEPT
        case .rejection: ASGI_WEBSOCKET_HTTP_RESPONSE_START
        }
    }
}
