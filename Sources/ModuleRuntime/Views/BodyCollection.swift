import CASGI
import CViews
import HTTPServer

/// Collects the body of a request, event by event, up to a limit. Starts on any thread, and continues on the thread
/// where `receive` completes.
final class BodyCollection {
    private let view: ViewMemory
    private let id: asgi_id
    private let limit: Int
    private var memory: UnsafeMutablePointer<UInt8>?
    private var count = 0
    private var room = 0
    /// Called with the result if the collection had to wait; nil if the caller wants no completion.
    private let done: ((asgi_result) -> Void)?

    init(_ view: ViewMemory, limit: Int, done: ((asgi_result) -> Void)?) {
        self.view = view
        self.id = view.request.pointee.scope.pointee.id
        self.limit = limit
        self.done = done
    }

    deinit { self.memory?.deallocate() }

    /// Starts the collection. The results:
    /// - ASGI_DONE: the request has its body.
    /// - ASGI_PENDING: `done` will be called.
    /// - ASGI_FULL: the body is too large.
    /// - ASGI_BUSY: another call is collecting the body.
    /// - ASGI_WOULD_BLOCK: the caller can neither wait nor be called back.
    /// - otherwise the result of `receive`.
    ///
    /// After a failure every later call gets the same result, since the bytes that were received are lost.
    ///
    /// `waits`: whether the thread may wait in `receive`.
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
        // A collected body has set its state already.
        guard result != ASGI_PENDING, result != ASGI_DONE else { return result }
        // Nothing was received, so a later call may try again: the module has a receive of its own pending (BUSY), or
        // one of its earlier calls was invalid.
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

    /// Appends the part of the body in an event. Returns nil if more parts follow.
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
            // The last part gets no more memory than it needs.
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
