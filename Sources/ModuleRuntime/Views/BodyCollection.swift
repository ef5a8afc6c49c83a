import CASGI
import CViews
import HTTPServer

/// Collects the body of a request, event by event, up to a limit. Begun on any thread; goes on where `receive` completes.
final class BodyCollection {
    private let view: ViewMemory
    private let id: asgi_id
    private let limit: Int
    private var memory: UnsafeMutablePointer<UInt8>?
    private var count = 0
    private var room = 0
    /// Told when it had to wait: with what `begin` would have answered. Nil: nobody is.
    private let done: ((asgi_result) -> Void)?

    init(_ view: ViewMemory, limit: Int, done: ((asgi_result) -> Void)?) {
        self.view = view
        self.id = view.request.pointee.scope.pointee.id
        self.limit = limit
        self.done = done
    }

    deinit { self.memory?.deallocate() }

    /// ASGI_DONE: the request has its body. ASGI_PENDING: `done` is told. ASGI_FULL: it is too large. ASGI_BUSY: it is being collected.
    /// ASGI_WOULD_BLOCK: it can neither wait nor tell anybody. Else what `receive` answered. Who comes later is answered as who came first: what
    /// was received is nobody's any more.
    ///
    /// `waits`: on a thread that may, `receive` waits.
    func start(waits: Bool) -> asgi_result {
        let mayBegin = waits || self.done != nil
        let before = self.view.details.withContents { contents in
            let before = contents.collection
            if mayBegin, case .notBegun = before { contents.collection = .underWay }
            return before
        }
        switch before {
        case .collected: return ASGI_DONE
        case .failed(let result): return result
        case .notBegun where mayBegin: return self.ended(self.goOn(waits: waits))
        case .underWay where mayBegin: return ASGI_BUSY
        case .notBegun, .underWay: return ASGI_WOULD_BLOCK
        }
    }

    private func ended(_ result: asgi_result) -> asgi_result {
        // A body that is there has said so.
        guard result != ASGI_PENDING, result != ASGI_DONE else { return result }
        // Somebody else receives, and has what there is; or it was told of a mistake before.
        let mayTryAgain = self.count == 0 && (result == ASGI_BUSY || result == ASGI_INVALID)
        self.view.details.withContents { $0.collection = mayTryAgain ? .notBegun : .failed(result) }
        return result
    }

    private func goOn(waits: Bool) -> asgi_result {
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.assumingMemoryBound(to: asgi_event.self)
            while true {
                asgi_event_reset(event, 0)
                let result = self.receive(event, waits: waits)
                guard result == ASGI_DONE else { return result }
                if let end = self.receive(event) { return end }
            }
        }
    }

    private func receive(_ event: UnsafeMutablePointer<asgi_event>, waits: Bool) -> asgi_result {
        let receive = self.view.request.pointee.receive!
        guard !waits else { return receive(self.id, event, nil, nil) }
        let this = Unmanaged.passRetained(self)
        let result = receive(
            self.id, event,
            { context, _, result, event in
                let this = Unmanaged<BodyCollection>.fromOpaque(context!).takeRetainedValue()
                var result = result
                if result == ASGI_DONE, let event { result = this.receive(event) ?? this.goOn(waits: false) }
                if result != ASGI_PENDING { this.done?(this.ended(result)) }
            }, this.toOpaque())
        if result != ASGI_PENDING { this.release() }
        return result
    }

    /// Nil: there is more.
    private func receive(_ event: UnsafePointer<asgi_event>) -> asgi_result? {
        guard event.pointee.type == ASGI_HTTP_REQUEST else { return ASGI_GONE }
        let part = Octets(event.pointee.body)
        guard part.size <= self.limit - self.count else { return ASGI_FULL }
        let isLast = event.pointee.flags & ASGI_MORE == 0
        self.append(part, isLast: isLast)
        guard isLast else { return nil }
        let body = CollectedBody(
            octets: Octets(UnsafeRawBufferPointer(start: self.memory, count: self.count)), memory: self.memory)
        self.memory = nil
        self.view.request.pointee.body = asgi_string(body.octets)
        self.view.details.withContents { $0.collection = .collected(body) }
        return ASGI_DONE
    }

    private func append(_ part: Octets, isLast: Bool) {
        if self.count + part.size > self.room {
            // What comes at once takes no more than it has.
            self.room = isLast ? self.count + part.size : max((self.count + part.size) * 2, 4096)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: self.room)
            if let memory { larger.update(from: memory, count: self.count) }
            self.memory?.deallocate()
            self.memory = larger
        }
        guard part.size > 0 else { return }
        UnsafeMutableRawPointer(self.memory! + self.count).copyMemory(from: part.data!, byteCount: part.size)
        self.count += part.size
    }
}
