import HTTPServer
import NIOCore

/// The output of a relayed exchange: sends the frames that the front's credit allows, and queues the rest. Loop-bound; a value of one
/// exchange.
struct RelayOutput {
    /// How far the queue was sent.
    enum Progress {
        /// The front has to acknowledge something first, or the link to have room.
        case waiting
        /// Nothing is queued any more. `isAwaited`: the application waits for that.
        case drained(isAwaited: Bool)
        /// A file became shorter than the response header says.
        case fault
    }

    // SAFETY: the loop outlives its exchanges.
    private unowned(unsafe) let loop: ServerLoop
    /// Nil: it is lost.
    private var link: RelayLink?
    private let stream: UInt32
    private var window = RelayWindow()
    /// The last frame of the stream, once the application has finished. The front keeps the exchange until it has it: it is sent whatever
    /// else is dropped.
    private var finalFrame: RelayFrame.Kind?
    /// The link has been asked to report when it has room.
    private var awaitsLink = false

    init(loop: ServerLoop, link: RelayLink?, stream: UInt32) {
        self.loop = loop
        self.link = link
        self.stream = stream
    }

    /// Whether frames wait to be sent, the last frame of the stream included.
    var isBusy: Bool { self.window.isBusy || self.finalFrame != nil }

    var hasRoom: Bool { self.window.pending < self.loop.configuration.writeLimit }

    var hasRoomForFile: Bool { self.hasRoom && self.window.files < self.loop.configuration.files }

    /// The link is lost.
    mutating func lost() { self.link = nil }

    /// The front has acknowledged bytes. True: the queue can move on. Throws for more than was sent.
    mutating func acknowledge(_ size: UInt64) throws(RelayFault) -> Bool {
        try self.window.acknowledge(size, mark: self.loop.configuration.writeMark)
    }

    // MARK: Beside the queue

    /// Sends a frame that is neither queued nor acknowledged.
    func send(_ kind: RelayFrame.Kind, _ body: (RelayWriter, inout ByteBuffer) -> Void) {
        self.link?.send(kind, self.stream, body)
    }

    /// Sends the start of a response. The queue is empty at this point.
    func send(start: ByteBuffer) { _ = self.link?.send(start) }

    // MARK: In order

    /// Whether a body of this size must be queued: it is larger than one piece, follows queued frames, or the link has no room.
    mutating func mustQueue(size: Int) -> Bool { size > RelayWindow.piece || self.isBlocked() }

    /// Whether queued frames or the link delay what is sent next.
    private mutating func isBlocked() -> Bool { self.window.isBusy || !self.linkHasRoom() }

    /// Sends a frame, or queues it behind queued frames. The frame does not wait for room in the link: a frame that is sent beside the
    /// queue later, such as a close, must not overtake it.
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

    /// Sends or queues one frame that holds all the bytes.
    mutating func write(whole body: ResponseBody, _ kind: RelayFrame.Kind) {
        self.write(kind) { $0.writeRest(body.bytes.bytes, to: &$1) }
        if body.release != nil { self.loop.willRelease(body) }
    }

    /// Queues a body, which goes a piece at a time. `last`: the kind of its last frame.
    mutating func hold(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        self.window.hold(body.release == nil ? body.copied() : body, kind, last: last)
    }

    /// Queues a file, which goes a piece at a time.
    mutating func hold(_ file: ResponseFile, more: Bool) { self.window.hold(file, more: more) }

    /// Counts payload bytes that the front acknowledges.
    mutating func sent(_ size: Int) { self.window.sent(size) }

    /// Sends what is queued, as far as the front acknowledges it and the link has room.
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

    /// Whether pending output exceeds the high-water mark of the exchange or of the link. If so, `pump` reports when the queue is drained.
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

    /// The link has room again. True: the queue can move on.
    mutating func linkWritable() -> Bool {
        self.awaitsLink = false
        return self.window.isWanted
    }

    // MARK: The end

    /// The last frame of the stream, behind what is queued.
    mutating func finish(_ kind: RelayFrame.Kind) {
        self.finalFrame = kind
        if !self.window.isBusy { self.sendFinalFrame() }
    }

    /// Drops the queue, since the client is gone. `failed`: the final frame, if it waits, says that the response failed.
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
