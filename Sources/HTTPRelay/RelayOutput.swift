import HTTPServer
import NIOCore

/// The output of a relayed exchange: sends frames up to the high-water mark, and queues the rest. Loop-bound; a value
/// of one exchange.
struct RelayOutput {
    /// The result of sending queued output.
    enum Progress {
        /// The queue waits for an acknowledgement of the front, or for room in the link.
        case waiting
        /// The queue is empty. `isAwaited`: whether the application waits for that.
        case drained(isAwaited: Bool)
        /// A file is shorter than the response header says.
        case fault
    }

    // SAFETY: the loop outlives its exchanges.
    private unowned(unsafe) let loop: ServerLoop
    /// `nil` once the link is lost.
    private var link: RelayLink?
    private let stream: UInt32
    private var window = RelayWindow()
    /// The last frame of the stream, set once the application has finished. It is sent even if queued output is
    /// dropped: the front keeps the exchange until it gets this frame.
    private var finalFrame: RelayFrame.Kind?
    /// Whether `linkWritable` was requested from the link and has not been called yet.
    private var awaitsLink = false

    init(loop: ServerLoop, link: RelayLink?, stream: UInt32) {
        self.loop = loop
        self.link = link
        self.stream = stream
    }

    /// Whether frames are queued, including the last frame of the stream.
    var isBusy: Bool { self.window.isBusy || self.finalFrame != nil }

    var hasRoom: Bool { self.window.pending < self.loop.configuration.writeLimit }

    var hasRoomForFile: Bool { self.hasRoom && self.window.files < self.loop.configuration.files }

    /// Drops the link: it is lost.
    mutating func lost() { self.link = nil }

    /// Counts bytes that the front has acknowledged. Returns whether the queue can proceed. Throws if the front has
    /// acknowledged more than was sent.
    mutating func acknowledge(_ size: UInt64) throws(RelayFault) -> Bool {
        try self.window.acknowledge(size, mark: self.loop.configuration.writeMark)
    }

    // MARK: Frames sent outside the queue

    /// Sends a frame that is neither queued nor acknowledged.
    func send(_ kind: RelayFrame.Kind, _ body: (RelayWriter, inout ByteBuffer) -> Void) {
        self.link?.send(kind, self.stream, body)
    }

    /// Sends the start of a response. The queue must be empty.
    func send(start: ByteBuffer) { _ = self.link?.send(start) }

    // MARK: Frames sent in order

    /// Whether a body of this size must be queued: it exceeds one piece, other frames are queued, or the link has no
    /// room.
    mutating func mustQueue(size: Int) -> Bool { size > RelayWindow.piece || self.isBlocked() }

    /// Whether the next frame must wait for queued frames or for the link.
    private mutating func isBlocked() -> Bool { self.window.isBusy || !self.linkHasRoom() }

    /// Sends a frame, or queues it if other frames are queued. The frame does not wait for room in the link: otherwise
    /// a later frame sent outside the queue, such as a close, could overtake it.
    mutating func write(_ kind: RelayFrame.Kind, _ body: (RelayWriter, inout ByteBuffer) -> Void) {
        guard self.window.isBusy else {
            self.window.sent(self.link?.sendCounted(kind, self.stream, body) ?? 0)
            return
        }
        var buffer = ByteBuffer()
        let writer = RelayWriter(kind, self.stream, to: &buffer)
        body(writer, &buffer)
        writer.end(in: &buffer)
        self.window.hold(buffer)
    }

    /// Sends or queues all the bytes in one frame.
    mutating func write(whole body: ResponseBody, _ kind: RelayFrame.Kind) {
        self.write(kind) { $0.writeRest(body.bytes.bytes, to: &$1) }
        if body.release != nil { self.loop.willRelease(body) }
    }

    /// Queues a body, which is sent in pieces. `last`: the kind of its last frame.
    mutating func hold(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        self.window.hold(body.release == nil ? body.copied() : body, kind, last: last)
    }

    /// Queues a file, which is sent in pieces.
    mutating func hold(_ file: ResponseFile, more: Bool) { self.window.hold(file, more: more) }

    /// Counts payload bytes that the front has to acknowledge.
    mutating func sent(_ size: Int) { self.window.sent(size) }

    /// Sends queued output as far as the high-water mark and the link allow.
    mutating func pump() -> Progress {
        while self.window.unacknowledged < self.loop.configuration.writeMark {
            guard !self.window.isWanted || self.linkHasRoom() else { return .waiting }
            switch self.window.next() {
            case .nothing:
                self.sendFinalFrame()
                defer { self.window.isAwaited = false }
                return .drained(isAwaited: self.window.isAwaited)
            case .frame(let buffer): self.window.sent(self.link?.send(buffer) ?? 0)
            case .part(let octets, let kind, let finished):
                self.window.sent(
                    self.link?.sendCounted(kind, self.stream) { $0.writeRest(octets.bytes, to: &$1) } ?? 0)
                if let finished { self.loop.willRelease(finished) }
            case .piece(let bytes, let kind):
                self.window.sent(self.link?.sendCounted(kind, self.stream) { $1.writeImmutableBuffer(bytes) } ?? 0)
            case .fault: return .fault
            }
        }
        return .waiting
    }

    /// Whether pending output exceeds the high-water mark of the exchange or the link. If so, `pump` reports when the
    /// queue is drained.
    mutating func shouldWait() -> Bool {
        let isMuch = self.window.unacknowledged > self.loop.configuration.writeMark || self.isBlocked()
        self.window.isAwaited = self.window.isAwaited || isMuch
        return isMuch
    }

    /// Whether the link has room. If not, `linkWritable` is called when it has.
    private mutating func linkHasRoom() -> Bool {
        guard let link, !link.hasRoom else { return true }
        if !self.awaitsLink { link.notifyWhenWritable(self.stream) }
        self.awaitsLink = true
        return false
    }

    /// Returns whether the queue can proceed: the link has room again.
    mutating func linkWritable() -> Bool {
        self.awaitsLink = false
        return self.window.isWanted
    }

    // MARK: End

    /// Sends the last frame of the stream after queued output.
    mutating func finish(_ kind: RelayFrame.Kind) {
        self.finalFrame = kind
        if !self.window.isBusy { self.sendFinalFrame() }
    }

    /// Drops the queue: the client is gone. `failed`: a pending last frame reports that the response has failed.
    mutating func drop(failed: Bool = false) {
        for body in self.window.drop() { self.loop.willRelease(body) }
        if failed, self.finalFrame != nil { self.finalFrame = .failed }
        self.sendFinalFrame()
    }

    private mutating func sendFinalFrame() {
        guard let finalFrame else { return }
        self.finalFrame = nil
        self.link?.send(finalFrame, self.stream)
    }
}
