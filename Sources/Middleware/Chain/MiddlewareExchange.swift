import HTTPServer
import NIOCore

/// An exchange whose response passes through a chain of middleware, and whose request body is limited. Loop-bound.
///
/// The start of a response is held back until its first part: whether the body is compressed depends on it.
final class MiddlewareExchange: Exchange, ExchangeOwner {
    private let inner: any Exchange
    private let chain: MiddlewareChain
    private let request: MiddlewareRequest
    private let loop: ServerLoop
    private var validator: ResponseValidator
    /// The header of the response, until its first part is sent.
    private var held: (status: Int, fields: FieldList, trailers: Bool)?
    private var compression: GzipCompression?
    /// The bytes that were sent since the last time that all were written.
    private var pending = 0
    private var received = 0
    private var isRefused = false
    /// Whether a response was begun at the inner exchange.
    private var hasStarted = false
    var owner: (any ExchangeOwner)?

    init(_ inner: any Exchange, _ chain: MiddlewareChain, _ request: MiddlewareRequest, on loop: ServerLoop) {
        self.inner = inner
        self.chain = chain
        self.request = request
        self.loop = loop
        self.validator = ResponseValidator(isHead: inner.head.method.equals("HEAD"))
        inner.owner = self
    }

    func exchange(changed change: ExchangeChange) {
        if case .writable = change { self.pending = 0 }
        self.owner?.exchange(changed: change)
    }

    var head: RequestHead { self.inner.head }
    var peer: Peer { self.inner.peer }
    var isFromTrustedProxy: Bool { self.inner.isFromTrustedProxy }
    var errorPages: ErrorPages { self.inner.errorPages }
    var number: UInt64 {
        get { self.inner.number }
        set { self.inner.number = newValue }
    }
    var webSocket: (any WebSocket)? { self.inner.webSocket }
    var trailers: HeaderFields { self.inner.trailers }
    var isOpen: Bool { !self.isRefused && self.inner.isOpen }

    // MARK: Request body

    func receive() -> Reception {
        guard !self.isRefused else { return .disconnect }
        let reception = self.inner.receive()
        guard let limit = self.request.bodyLimit, case .part(let bytes, _) = reception else { return reception }
        self.received += bytes.size
        guard self.received > limit else { return reception }
        self.isRefused = true
        self.respondOwn(BodyLimit.tooLarge.status, BodyLimit.tooLarge.text)
        return .disconnect
    }

    /// Sends a response in place of the application's, regardless of how much output is pending.
    private func respondOwn(_ status: Int, _ text: String) {
        self.hasStarted = true
        let answer = self.errorPages.answer(status, text, to: self.head)
        answer.fields.withUnsafeBufferPointer { fields in
            self.change(status, fields, bodySize: nil) { fields, _ in
                answer.body.withUnsafeBytes { bytes in
                    var body = ResponseBody(Octets(bytes))
                    body.isTaken = true
                    _ = self.inner.respond(status: status, fields: fields, body: body)
                }
            }
        }
    }

    // MARK: Response

    /// The outcome of a call after the response was refused; nil if it was not.
    private var refusal: SendOutcome? { self.isRefused ? .gone : nil }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        if let refusal { return refusal }
        guard self.inner.isOpen else { return self.inner.start(status: status, fields: fields, trailers: trailers) }
        do {
            _ = try self.validator.start(status: status, fields: fields, trailers: trailers)
        } catch { return .invalid(error) }
        let list = FieldList(most: max(fields.count, 1))
        for field in fields { list.append(name: field.name.bytes, value: field.value.bytes) }
        self.held = (status, list, trailers)
        return .done
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        self.refusal ?? self.inner.hint(links, isTaken: isTaken)
    }

    /// Starts the response that is held back. `hasBody`: whether bytes follow, and not a file. Returns nil if that
    /// succeeds.
    private func startHeld(hasBody: Bool, size: Int?) -> SendOutcome? {
        guard let held else { return nil }
        self.held = nil
        // The fields borrow the memory of the list.
        defer { withExtendedLifetime(held.fields) {} }
        let outcome = self.change(held.status, held.fields.fields, bodySize: size, hasBody: hasBody) {
            fields, compression in
            self.compression = compression
            self.hasStarted = true
            return self.inner.start(status: held.status, fields: fields, trailers: held.trailers)
        }
        guard case .done = outcome else { return outcome }
        return nil
    }

    private func change<Result>(
        _ status: Int, _ fields: HeaderFields, bodySize: Int?, hasBody: Bool = false,
        _ body: (HeaderFields, GzipCompression?) -> Result
    ) -> Result {
        var response = MiddlewareResponse(status: status, fields)
        response.hasBody = hasBody
        response.bodySize = bodySize
        self.chain.change(&response, to: self.request)
        return response.withFields { body($0, response.compression) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        if let refusal { return refusal }
        if let outcome = self.startHeld(hasBody: true, size: more ? nil : body.bytes.size) { return outcome }
        guard let compression else { return self.inner.send(body, more: more) }
        // Counted here: the exchange has to accept compressed bytes, since the stream cannot go back.
        guard body.isTaken || self.pending < self.loop.configuration.writeLimit else { return .full }
        do {
            _ = try self.validator.body(size: body.bytes.size, more: more)
        } catch { return .invalid(error) }
        let outcome = self.send(compression.compress(body.bytes.bytes, isLast: !more), more: more)
        if outcome.isAccepted, body.release != nil { self.loop.willRelease(body) }
        return outcome
    }

    /// Sends compressed bytes.
    private func send(_ bytes: [UInt8], more: Bool) -> SendOutcome {
        if !more { self.compression = nil }
        return bytes.withUnsafeBytes { bytes in
            var body = ResponseBody(Octets(bytes))
            body.isTaken = true
            let outcome = self.inner.send(body, more: more)
            switch outcome {
            case .done: self.pending = 0
            case .pending: self.pending += bytes.count
            case .full, .gone, .invalid: break
            }
            return outcome
        }
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        if let refusal { return refusal }
        if let outcome = self.startHeld(hasBody: false, size: nil) { return outcome }
        guard let compression else { return self.inner.send(file, more: more, isTaken: isTaken) }
        // A file after other parts, which were compressed.
        guard isTaken || self.pending < self.loop.configuration.writeLimit else { return .full }
        do {
            _ = try self.validator.body(size: file.count, more: more, isWhole: file.isWhole)
        } catch { return .invalid(error) }
        file.markSent()
        var outcome = SendOutcome.done
        var at = 0
        repeat {
            let size = min(file.count - at, Self.filePart)
            guard let bytes = file.read(at: at, size) else { return .gone }
            at += size
            let isLast = at == file.count && !more
            let compressed = bytes.withUnsafeReadableBytes { compression.compress($0, isLast: isLast) }
            outcome = self.send(compressed, more: !isLast)
        } while at < file.count && outcome.isAccepted
        return outcome
    }

    /// The bytes of a file that are compressed at once.
    private static let filePart = 256 * 1024

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        self.refusal ?? self.inner.send(trailers: trailers, more: more, isTaken: isTaken)
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        if let refusal { return refusal }
        guard self.inner.isOpen else { return self.inner.respond(status: status, fields: fields, body: body) }
        do {
            _ = try self.validator.respond(status: status, fields: fields, size: body.bytes.size)
        } catch { return .invalid(error) }
        return self.change(status, fields, bodySize: body.bytes.size, hasBody: true) { fields, compression in
            self.hasStarted = true
            guard let compression else { return self.inner.respond(status: status, fields: fields, body: body) }
            return compression.compress(body.bytes.bytes, isLast: true).withUnsafeBytes { bytes in
                var compressed = ResponseBody(Octets(bytes))
                compressed.isTaken = body.isTaken
                let outcome = self.inner.respond(status: status, fields: fields, body: compressed)
                if outcome.isAccepted, body.release != nil { self.loop.willRelease(body) }
                return outcome
            }
        }
    }

    // MARK: Ending

    func giveUp() { self.inner.giveUp() }

    func end(failed: Bool) -> Ending {
        self.owner = nil
        // The application has sent nothing: the 500 passes through the steps as other responses do.
        let isUnanswered = !self.hasStarted && self.isOpen
        if isUnanswered { self.respondOwn(500, "Internal Server Error") }
        let ending = self.inner.end(failed: failed)
        return isUnanswered ? .answered : ending
    }

    func recycle() { self.inner.recycle() }
}

@available(*, unavailable)
extension MiddlewareExchange: Sendable {}
