import NIOCore

/// Makes messages of what a client sends, frame by frame (RFC 6455 §5, §6.2, §8.1; RFC 7692 §7.2.2). No I/O.
///
/// A message is unmasked, inflated and checked as its bytes come, in however many pieces: what is wrong with it is refused
/// at the first byte that says so. It stays in `message` until the next one begins.
struct WebSocketReader {
    enum Step {
        /// Nothing can be said before more bytes come.
        case incomplete
        /// `message` is whole.
        case message(isText: Bool)
        /// The payload lies in the scratch memory.
        case ping(UnsafeRawBufferPointer)
        case pong
        case close(WebSocketClose)
        /// It cannot be gone on with: the client is to be told why.
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
    // SAFETY: the loop holds it, and outlives its connections.
    private unowned(unsafe) let scratch: WebSocketScratch
    private let inflater: MessageInflater?

    /// The bytes of the message that is under assembly, or of the last one.
    private(set) var message = ByteBuffer()
    /// Bytes of it that are counted as taken from `memory`.
    private var counted = 0
    private var assembled: Message?
    private var frame: Frame?
    private var text = UTF8Check()
    /// Nobody wants messages any more: they are looked through for the client's close.
    var isDiscarding = false

    /// The memory of a message, in bytes, that is kept for the next one and not counted.
    private static let kept = 1024

    /// `most`: bytes of a message; `inflater`: where compression was agreed upon; `scratch` outlives the reader.
    init(most: Int, memory: MessageMemory, scratch: WebSocketScratch, inflater: MessageInflater?) {
        self.most = most
        self.memory = memory
        self.scratch = scratch
        self.inflater = inflater
    }

    /// Whether the next frame is processed without a receive of the handler: a control frame, or any frame while messages are discarded.
    /// A malformed frame waits for a receive, so that the handler can answer earlier messages before the connection fails.
    func needsNoReceiver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        guard !self.isDiscarding else { return true }
        guard self.frame == nil, first & 0x08 != 0, case .complete(let head, _) = WebSocketFrameHead.read(bytes) else {
            return false
        }
        return head.opcode.isControl
    }

    /// The last message is not needed any more: of a large one the memory is given back.
    mutating func forget() {
        guard self.assembled == nil, self.message.capacity > Self.kept else { return }
        self.freeMessage()
    }

    private mutating func freeMessage() {
        self.message = ByteBuffer()
        self.memory.give(self.counted)
        self.counted = 0
    }

    /// Gives all memory back. Nothing is read any more.
    mutating func end() {
        self.assembled = nil
        self.isDiscarding = true
        self.forget()
    }

    /// Looks at what stands at the start of `bytes`, and says how many of them are done with.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> (step: Step, consumed: Int) {
        var rest = bytes
        do throws(WebSocketClose) {
            let step = try self.next(&rest)
            return (step, bytes.count - rest.count)
        } catch {
            // An incomplete message is of no use. A complete one may still be lent to the handler.
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
            // The bit stands in the first frame only (RFC 7692 §6.1).
            guard !head.isCompressed else { throw .malformed("reserved bit set") }
        } else {
            guard self.assembled == nil else { throw .malformed("new message inside a fragmented message") }
            guard !head.isCompressed || self.inflater != nil else { throw .malformed("reserved bit set") }
            self.assembled = Message(isText: head.opcode == .text, isCompressed: head.isCompressed)
            self.text = UTF8Check()
            self.message.clear()
        }
        if self.assembled?.isCompressed == false, !self.isDiscarding {
            // Refused by its announced size, before a byte of it is read.
            guard head.size <= self.most - self.message.readableBytes else { throw Self.tooBig }
        }
        self.frame = Frame(isFinal: head.isFinal, left: head.size, mask: head.mask)
    }

    /// A part of the payload of a message's frame.
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

    /// The last frame of a message has come whole. Nil: nobody wants it.
    private mutating func finish() throws(WebSocketClose) -> Message? {
        defer { self.assembled = nil }
        guard let assembled, !self.isDiscarding else { return nil }
        do throws(WebSocketClose) { try self.complete(assembled) } catch {
            self.freeMessage()
            throw error
        }
        return assembled
    }

    /// Inflates the end of a message, and checks the message as a whole.
    private mutating func complete(_ assembled: Message) throws(WebSocketClose) {
        if assembled.isCompressed, let inflater {
            // What the client has left out (RFC 7692 §7.2.2).
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
            // What fits is looked at first, so that the same is refused in however large pieces it comes.
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

    /// Of a text what has come since `start` is checked at once.
    private mutating func check(from start: Int) throws(WebSocketClose) {
        guard self.assembled?.isText == true else { return }
        let isGood = self.message.withUnsafeReadableBytes {
            self.text.consume(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        guard isGood else { throw Self.notUTF8 }
    }

    /// Makes room for `count` more bytes. Memory grows with the bytes that arrive, never with the announced length.
    private mutating func reserve(_ count: Int) throws(WebSocketClose) {
        let needed = self.message.writerIndex + count
        guard needed > self.message.capacity else { return }
        // As large as the buffer makes itself.
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

    /// What the client's close says (RFC 6455 §5.5.1).
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
