import NIOCore

/// Assembles messages from the frames of a client (RFC 6455 §5, §6.2, §8.1; RFC 7692 §7.2.2). A value without I/O.
///
/// A message is unmasked, decompressed and checked as its bytes arrive, however they are split. It is refused at the
/// first invalid byte. A complete message stays in `message` until the next one begins.
struct WebSocketReader {
    enum Step {
        /// More input is needed.
        case incomplete
        /// `message` is complete.
        case message(isText: Bool)
        /// A ping, whose payload is in the scratch memory.
        case ping(UnsafeRawBufferPointer)
        case pong
        case close(WebSocketClose)
        /// The WebSocket has failed. This close has to be sent to the client.
        case failed(WebSocketClose)
    }

    private struct Message {
        let isText: Bool
        let isCompressed: Bool
    }

    private struct Frame {
        let isFinal: Bool
        var left: Int
        var mask: WebSocketMask
    }

    private let most: Int
    private let memory: MessageMemory
    // SAFETY: the loop retains the scratch memory, and outlives its connections.
    private unowned(unsafe) let scratch: WebSocketScratch
    private let inflater: MessageInflater?

    /// The bytes of the incomplete message, or of the last complete one.
    private(set) var message = ByteBuffer()
    /// The number of its bytes that are reserved from `memory`.
    private var counted = 0
    private var assembled: Message?
    private var frame: Frame?
    private var text = UTF8Check()
    /// Whether messages are discarded, and only the client's close frame is awaited.
    var isDiscarding = false

    /// The capacity of `message` that is kept for the next message and not counted, in bytes.
    private static let kept = 1024

    /// `most`: the maximum size of a message, in bytes. `inflater`: nil without compression. `scratch` has to outlive
    /// the reader.
    init(most: Int, memory: MessageMemory, scratch: WebSocketScratch, inflater: MessageInflater?) {
        self.most = most
        self.memory = memory
        self.scratch = scratch
        self.inflater = inflater
    }

    /// Whether the next frame is processed without a `receive` of the handler: a control frame, or any frame while
    /// messages are discarded. A malformed frame waits for a `receive`, so that the handler can answer earlier messages
    /// before the connection fails.
    func needsNoReceiver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        guard !self.isDiscarding else { return true }
        guard self.frame == nil, first & 0x08 != 0, case .complete(let head, _) = WebSocketFrameHead.read(bytes) else {
            return false
        }
        return head.opcode.isControl
    }

    /// Releases the last message. The memory of a large message is freed.
    mutating func forget() {
        guard self.assembled == nil, self.message.capacity > Self.kept else { return }
        self.freeMessage()
    }

    private mutating func freeMessage() {
        self.message = ByteBuffer()
        self.memory.give(self.counted)
        self.counted = 0
    }

    /// Frees all memory. Further messages are discarded.
    mutating func end() {
        self.assembled = nil
        self.isDiscarding = true
        self.forget()
    }

    /// Processes the start of `bytes`. Returns the number of bytes consumed.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> (step: Step, consumed: Int) {
        var rest = bytes
        do throws(WebSocketClose) {
            let step = try self.next(&rest)
            return (step, bytes.count - rest.count)
        } catch {
            // An incomplete message cannot be used. A complete one may still be lent to the handler.
            if self.assembled != nil { self.freeMessage() }
            return (.failed(error), bytes.count - rest.count)
        }
    }

    private mutating func next(_ rest: inout UnsafeRawBufferPointer) throws(WebSocketClose) -> Step {
        while true {
            if self.frame == nil {
                switch WebSocketFrameHead.read(rest) {
                case .incomplete: return .incomplete
                case .failed(let close): throw close
                case .complete(let head, let size):
                    if head.opcode.isControl {
                        guard rest.count >= size + head.size else { return .incomplete }
                        defer { rest = UnsafeRawBufferPointer(rebasing: rest[(size + head.size)...]) }
                        return try self.control(head, UnsafeRawBufferPointer(rebasing: rest[size...].prefix(head.size)))
                    }
                    try self.start(head)
                    rest = UnsafeRawBufferPointer(rebasing: rest[size...])
                }
            }
            guard var frame = self.frame else { return .incomplete }
            let count = min(frame.left, rest.count)
            try self.consume(UnsafeRawBufferPointer(rebasing: rest[..<count]), &frame.mask)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            frame.left -= count
            self.frame = frame.left > 0 ? frame : nil
            guard frame.left == 0 else { return .incomplete }
            if frame.isFinal, let whole = try self.finish() { return .message(isText: whole.isText) }
        }
    }

    // MARK: Messages

    private mutating func start(_ head: WebSocketFrameHead) throws(WebSocketClose) {
        if head.opcode == .continuation {
            guard self.assembled != nil else { throw .malformed("continuation frame without a message") }
            // The bit is allowed in the first frame of a message only (RFC 7692 §6.1).
            guard !head.isCompressed else { throw .malformed("reserved bit set") }
        } else {
            guard self.assembled == nil else { throw .malformed("new message inside a fragmented message") }
            guard !head.isCompressed || self.inflater != nil else { throw .malformed("reserved bit set") }
            self.assembled = Message(isText: head.opcode == .text, isCompressed: head.isCompressed)
            self.text = UTF8Check()
            self.message.clear()
        }
        if self.assembled?.isCompressed == false, !self.isDiscarding {
            // The announced size counts: the message is refused before its payload arrives.
            guard head.size <= self.most - self.message.readableBytes else { throw Self.tooBig }
        }
        self.frame = Frame(isFinal: head.isFinal, left: head.size, mask: head.mask)
    }

    /// Processes a part of the payload of a message's frame.
    private mutating func consume(
        _ masked: UnsafeRawBufferPointer, _ mask: inout WebSocketMask
    ) throws(WebSocketClose) {
        guard masked.count > 0, !self.isDiscarding, let assembled else { return }
        guard assembled.isCompressed, let inflater else {
            try self.reserve(masked.count)
            let start = self.message.writerIndex
            self.message.writeWithUnsafeMutableBytes(minimumWritableBytes: masked.count) { room in
                mask.copy(from: masked, to: room.baseAddress!)
                return masked.count
            }
            return try self.check(from: start)
        }
        var rest = masked
        while rest.count > 0 {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(self.scratch.unmasked.count))
            mask.copy(from: part, to: self.scratch.unmasked.baseAddress!)
            try self.inflate(UnsafeRawBufferPointer(rebasing: self.scratch.unmasked[..<part.count]), inflater)
            rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
        }
    }

    /// Finishes a message after its last frame. Returns nil if the message is discarded.
    private mutating func finish() throws(WebSocketClose) -> Message? {
        defer { self.assembled = nil }
        guard let assembled, !self.isDiscarding else { return nil }
        do throws(WebSocketClose) { try self.complete(assembled) } catch {
            self.freeMessage()
            throw error
        }
        return assembled
    }

    /// Decompresses the end of a message, and checks the message as a whole.
    private mutating func complete(_ assembled: Message) throws(WebSocketClose) {
        if assembled.isCompressed, let inflater {
            // The client omits the end of the flush (RFC 7692 §7.2.2).
            try withUnsafeBytes(of: UInt32(0xffff_0000).littleEndian) { bytes throws(WebSocketClose) in
                try self.inflate(bytes, inflater)
            }
            inflater.messageEnded()
        }
        guard !assembled.isText || self.text.isComplete else { throw Self.notUTF8 }
    }

    private mutating func inflate(
        _ bytes: UnsafeRawBufferPointer, _ inflater: MessageInflater
    ) throws(WebSocketClose) {
        try inflater.feed(bytes)
        while let part = try inflater.next(self.scratch.inflated) {
            // The part below the limit is checked first, so that the result does not depend on how the input is split.
            let left = self.most - self.message.readableBytes
            let fitting = UnsafeRawBufferPointer(rebasing: part.prefix(left))
            try self.reserve(fitting.count)
            let start = self.message.writerIndex
            self.message.writeBytes(fitting)
            try self.check(from: start)
            guard part.count <= left else { throw Self.tooBig }
        }
    }

    private static let tooBig = WebSocketClose(WebSocketClose.tooBig, "message too big")
    private static let notUTF8 = WebSocketClose(WebSocketClose.notUTF8, "invalid UTF-8")

    /// Checks a text message from `start` on.
    private mutating func check(from start: Int) throws(WebSocketClose) {
        guard self.assembled?.isText == true else { return }
        let isGood = self.message.withUnsafeReadableBytes {
            self.text.consume(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        guard isGood else { throw Self.notUTF8 }
    }

    /// Reserves room for `count` more bytes. Memory grows with the bytes that arrive, never with the announced length.
    private mutating func reserve(_ count: Int) throws(WebSocketClose) {
        let needed = self.message.writerIndex + count
        guard needed > self.message.capacity else { return }
        // `ByteBuffer` rounds its capacity up to a power of two.
        let capacity = 1 << (Int.bitWidth - (needed - 1).leadingZeroBitCount)
        if capacity > Self.kept {
            guard self.memory.reserve(capacity - self.counted) else {
                throw WebSocketClose(WebSocketClose.tryLater, "out of memory for messages; try again later")
            }
            self.counted = capacity
        }
        self.message.reserveCapacity(capacity)
    }

    // MARK: Control frames

    private func control(
        _ head: WebSocketFrameHead, _ masked: UnsafeRawBufferPointer
    ) throws(WebSocketClose) -> Step {
        var mask = head.mask
        mask.copy(from: masked, to: self.scratch.unmasked.baseAddress!)
        let payload = UnsafeRawBufferPointer(rebasing: self.scratch.unmasked[..<masked.count])
        switch head.opcode {
        case .ping: return .ping(payload)
        case .close: return .close(try Self.close(payload))
        default: return .pong
        }
    }

    /// Parses the payload of the client's close frame (RFC 6455 §5.5.1).
    private static func close(_ payload: UnsafeRawBufferPointer) throws(WebSocketClose) -> WebSocketClose {
        guard payload.count > 0 else { return WebSocketClose(WebSocketClose.noCode) }
        guard payload.count >= 2 else { throw .malformed("incomplete close code") }
        let code = Int(payload[0]) << 8 | Int(payload[1])
        guard WebSocketClose.mayBeSent(code) else { throw .malformed("invalid close code") }
        let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
        guard UTF8Check.isWhole(reason) else { throw Self.notUTF8 }
        return WebSocketClose(code, reason: Octets(reason))
    }
}
