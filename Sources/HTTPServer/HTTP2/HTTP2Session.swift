import CHTTP2
import NIOCore

/// The protocol of one HTTP/2 connection, without I/O (RFC 9113). Loop-bound.
///
/// `receive` processes input, `serialize` returns output. Both record events, which `moveEvents` returns: no code of a
/// handler runs inside libnghttp2.
final class HTTP2Session {
    enum Event {
        /// A request has begun: its header is in the stream's block.
        case request(HTTP2Stream)
        /// Bytes of the body, or its end, have arrived.
        case readable(HTTP2Stream)
        /// Bytes of the response were serialized.
        case sent(HTTP2Stream)
        case closed(HTTP2Stream)
        case pong
    }

    private var session: OpaquePointer?
    private let limits: HTTP1Limits
    private var streams = HTTP2StreamList()
    private var events: [Event] = []
    /// The fields of the block that arrives.
    private var block = HTTP2HeaderBlock()
    private var isTrailers = false
    private var resets: HTTP2Budget
    private var glitches: HTTP2Budget
    private var idleFrames: HTTP2Budget
    /// The tick of the loop, during a call.
    private var now = 0
    /// The limit that the client has exceeded; nil if it has exceeded none.
    private(set) var excess: StaticString?
    private var isTerminated = false
    /// The error with which the connection ends; nil if it has none.
    private(set) var error: UInt32?
    /// The pending bytes of all responses, without files that are not read yet.
    private(set) var pending = 0
    /// The tick since which a header block is incomplete; nil if none is.
    private(set) var blockSince: Int?
    /// Memory for trailers.
    private let fields: HTTP2Fields
    /// The output during `serialize`, the size at which it is full, and whether it was.
    private var output = ByteBuffer()
    private var mostOutput = 0
    private var isOutputFull = false

    /// Nil without memory.
    init?(_ configuration: ServerConfiguration, fields: HTTP2Fields, now: Int) {
        self.fields = fields
        let own = configuration.http2
        self.limits = configuration.limits
        self.resets = HTTP2Budget(own.resets, now: now)
        self.glitches = HTTP2Budget(own.glitches, now: now)
        self.idleFrames = HTTP2Budget(own.idleFrames, now: now)
        var settings = roost_h2_settings()
        settings.streams = UInt32(clamping: own.streams)
        settings.stream_window = UInt32(clamping: own.streamWindow)
        settings.connection_window = UInt32(clamping: max(own.connectionWindow, own.streamWindow))
        settings.header_list = UInt32(clamping: configuration.limits.head)
        settings.continuations = UInt32(clamping: own.continuations)
        settings.connect_protocol = own.offersWebSockets ? 1 : 0
        self.session = roost_h2_make(&HTTP2Hooks.all, Unmanaged.passUnretained(self).toOpaque(), &settings)
        guard self.session != nil else { return nil }
    }

    deinit {
        for stream in self.streams.open { stream.body.drop() }
        if let session { roost_h2_destroy(session) }
    }

    /// The streams that are open, and those whose exchanges have not been recycled.
    var openStreams: [HTTP2Stream] { self.streams.open }

    // MARK: Bytes

    /// Processes input. Returns false if the connection has to be closed after pending output.
    func receive(_ bytes: UnsafeRawBufferPointer, now: Int) -> Bool {
        self.now = now
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let result = roost_h2_receive(self.session, start, bytes.count)
        if result == ROOST_H2_TOO_MUCH, self.excess == nil { self.excess = "frames without an end" }
        if self.excess != nil { self.terminateForExcess() }
        return result == 0 && self.excess == nil
    }

    /// Writes what is to be sent to `output`, up to about `most` bytes. Returns whether more is left; nil if the
    /// connection has to be closed.
    func serialize(into output: inout ByteBuffer, most: Int, now: Int) -> Bool? {
        self.now = now
        self.mostOutput = most
        self.isOutputFull = false
        swap(&self.output, &output)
        defer { swap(&self.output, &output) }
        while self.output.readableBytes < most {
            var bytes: UnsafePointer<UInt8>?
            let count = roost_h2_send(self.session, &bytes)
            guard count >= 0 else { return nil }
            guard count > 0 else {
                if self.isOutputFull { return true }
                // Sent resets may have been too many.
                guard self.excess != nil else { return false }
                guard !self.isTerminated else { return nil }
                self.terminateForExcess()
                continue
            }
            self.output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
        }
        return true
    }

    var hasEnded: Bool { roost_h2_has_ended(self.session) != 0 }

    /// Moves the recorded events to `list`, whose memory records further ones. Returns whether there are any.
    func moveEvents(to list: inout [Event]) -> Bool {
        list.removeAll(keepingCapacity: true)
        swap(&list, &self.events)
        return !list.isEmpty
    }

    // MARK: Streams

    /// Begins a response. `fields`: `:status` first.
    func respond(_ stream: HTTP2Stream, _ fields: UnsafeBufferPointer<roost_h2_field>, hasBody: Bool) {
        _ = roost_h2_submit_response(
            self.session, stream.number, fields.baseAddress, fields.count, hasBody ? 1 : 0)
    }

    func sendInterim(_ stream: HTTP2Stream, _ fields: UnsafeBufferPointer<roost_h2_field>) {
        _ = roost_h2_submit_interim(self.session, stream.number, fields.baseAddress, fields.count)
    }

    /// Sends trailers after the body.
    func sendTrailers(_ stream: HTTP2Stream, _ trailers: FieldList) {
        guard stream.isBodySent else { return stream.responseTrailers = trailers }
        self.submit(trailers, stream)
    }

    private func submit(_ trailers: FieldList, _ stream: HTTP2Stream) {
        self.fields.clear(fields: trailers.fields.count, nameBytes: 0)
        for field in trailers.fields { self.fields.append(field.name, field.value) }
        _ = roost_h2_submit_trailers(
            self.session, stream.number, self.fields.all.baseAddress, self.fields.all.count)
    }

    /// Sends what was added to the body.
    func resume(_ stream: HTTP2Stream) { _ = roost_h2_resume(self.session, stream.number) }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard stream.error == nil else { return }
        _ = roost_h2_reset(self.session, stream.number, code.rawValue)
    }

    /// Opens the window of a stream, and that of the connection, by `size` bytes.
    func consume(_ stream: HTTP2Stream, _ size: Int) {
        guard size > 0 else { return }
        roost_h2_consume(self.session, stream.error == nil ? stream.number : 0, size)
    }

    /// Counts the pending bytes of a stream, which have changed.
    func recount(_ stream: HTTP2Stream) {
        self.pending += stream.body.memory - stream.countedSize
        stream.countedSize = stream.body.memory
    }

    /// Drops what waits on a stream.
    func drop(_ stream: HTTP2Stream) {
        stream.body.drop()
        self.recount(stream)
    }

    /// Ends the use of a stream: the exchange has been recycled.
    func release(_ stream: HTTP2Stream) {
        stream.exchange = nil
        guard stream.error != nil else { return }
        self.forget(stream)
    }

    private func forget(_ stream: HTTP2Stream) {
        guard stream.number > 0 else { return }
        // The rest of the request body opens the window of the connection again.
        self.consume(stream, stream.input.bytes.readableBytes)
        self.streams.remove(stream)
    }

    // MARK: End

    func announceEnd() { roost_h2_announce_end(self.session) }
    func refuseNew() { roost_h2_refuse_new(self.session) }
    func terminate(_ code: HTTP2ErrorCode) { roost_h2_terminate(self.session, code.rawValue) }
    func ping() { roost_h2_ping(self.session) }

    private func terminateForExcess() {
        guard !self.isTerminated else { return }
        self.isTerminated = true
        self.terminate(.enhanceYourCalm)
    }

    // MARK: Hooks

    func beginHeaders(isTrailers: Bool) {
        self.block.clear()
        self.isTrailers = isTrailers
        self.blockSince = self.now
    }

    func header(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard self.block.append(name, value, self.limits) else {
            self.excess = "request header far beyond its limits"
            return false
        }
        return true
    }

    func endHeaders(_ number: Int32, _ known: HTTP2Stream?, isTrailers: Bool, isEnd: Bool) {
        self.blockSince = nil
        guard !isTrailers else {
            guard let known else { return }
            swap(&known.trailers, &self.block)
            if isEnd { self.endStream(known) }
            return
        }
        let stream = self.streams.begin(number)
        swap(&stream.block, &self.block)
        stream.isBodiless = isEnd
        if isEnd { stream.input.end() }
        roost_h2_set_user(self.session, number, Unmanaged.passUnretained(stream).toOpaque())
        self.events.append(.request(stream))
    }

    func data(_ stream: HTTP2Stream?, _ bytes: UnsafeRawBufferPointer) {
        guard let stream else { return }
        stream.input.append(bytes)
        self.noteReadable(stream)
    }

    func endStream(_ stream: HTTP2Stream) {
        stream.input.end()
        self.noteReadable(stream)
    }

    private func noteReadable(_ stream: HTTP2Stream) {
        guard !stream.isReadableNoted else { return }
        stream.isReadableNoted = true
        self.events.append(.readable(stream))
    }

    func closed(_ stream: HTTP2Stream?, _ error: UInt32) {
        // A stream whose header was malformed has none.
        guard let stream else { return }
        stream.ended(error)
        self.events.append(.closed(stream))
    }

    /// Forgets a stream whose end was handled, unless an exchange uses it.
    func closeHandled(_ stream: HTTP2Stream) { if stream.exchange == nil { self.forget(stream) } }

    func failed(_ error: UInt32) { self.error = error }

    func pong() { self.events.append(.pong) }

    func cost(_ kind: roost_h2_cost, _ count: Int) {
        // Every frame between two header blocks ends the one before, also if that was malformed.
        self.blockSince = nil
        switch kind {
        case ROOST_H2_RESET: if !self.resets.spend(count, now: self.now) { self.excess = "too many resets" }
        case ROOST_H2_GLITCH:
            if !self.glitches.spend(count, now: self.now) { self.excess = "too many malformed frames" }
        default: if !self.idleFrames.spend(count, now: self.now) { self.excess = "too many frames without an effect" }
        }
    }

    func nextPart(_ stream: HTTP2Stream?, most: Int) -> roost_h2_part {
        guard let stream else { return roost_h2_part(size: 0, is_last: 1, trailers: 0, is_empty: 0) }
        let part = stream.body.next(most: most)
        if stream.body.hasFailed { self.noteSent(stream) }
        if part.is_last != 0 {
            stream.isBodySent = true
            if let trailers = stream.responseTrailers { self.submit(trailers, stream) }
            stream.responseTrailers = nil
        }
        return part
    }

    func writeData(_ stream: HTTP2Stream?, _ head: UnsafeRawBufferPointer, _ size: Int) -> roost_h2_written {
        // The frame may have been described in an earlier call.
        guard size == 0 || stream.map({ $0.body.size >= size }) == true else { return ROOST_H2_DROPPED }
        // A single call of libnghttp2 would write as much as the windows allow.
        guard self.output.readableBytes < self.mostOutput else {
            self.isOutputFull = true
            return ROOST_H2_NO_ROOM
        }
        self.output.writeBytes(head)
        guard let stream else { return ROOST_H2_WRITTEN }
        stream.body.write(size, to: &self.output)
        self.recount(stream)
        self.noteSent(stream)
        return ROOST_H2_WRITTEN
    }

    private func noteSent(_ stream: HTTP2Stream) {
        guard !stream.isSentNoted else { return }
        stream.isSentNoted = true
        self.events.append(.sent(stream))
    }
}

@available(*, unavailable)
extension HTTP2Session: Sendable {}
