import NIOCore

/// The received input that a connection has not processed yet. Parses request headers and bodies. A value without I/O.
struct HTTP1Input {
    /// The result of `nextPart`.
    enum Part {
        /// Bytes of the body. `more`: whether further parts follow.
        case part(ByteBuffer, more: Bool)
        /// The rest of the body has not arrived.
        case incomplete
    }

    private var buffer = ByteBuffer()
    private var parser: HTTP1Parser
    /// The read-ahead windows, in bytes: by default, while a request header is expected, and in a chunked body. The
    /// latter two have to be large enough for the longest valid line.
    private let window: Int
    private let headerWindow: Int
    private let chunkedWindow: Int

    init(limits: HTTP1Limits, readWindow: Int) {
        self.parser = HTTP1Parser(limits: limits)
        self.window = readWindow
        self.headerWindow = max(readWindow, limits.head + 1)
        self.chunkedWindow = max(readWindow, limits.longestBodyLine)
    }

    var isEmpty: Bool { self.buffer.readableBytes == 0 }
    /// The capacity of the input buffer, in bytes.
    var capacity: Int { self.buffer.capacity }

    mutating func append(_ bytes: inout ByteBuffer) {
        if self.isEmpty {
            self.buffer = bytes
        } else {
            // Processed bytes must not be kept while an incomplete frame or line remains.
            if self.buffer.readerIndex > 0 { self.buffer.discardReadBytes() }
            self.buffer.writeBuffer(&bytes)
        }
    }

    mutating func clear() { self.buffer.clear() }

    /// Removes everything.
    mutating func removeAll() -> ByteBuffer {
        defer { self.buffer = ByteBuffer() }
        return self.buffer
    }

    /// Frees the buffer if everything was processed.
    mutating func trim() { if self.isEmpty { self.buffer = ByteBuffer() } }

    /// Whether the connection should read more in this phase.
    func wantsMore(in phase: HTTP1StateMachine.Phase, isChunked: Bool) -> Bool {
        switch phase {
        case .closed: false
        case .lingering: true
        case .webSocket: self.buffer.readableBytes < self.window
        case .idle, .head: self.buffer.readableBytes < self.headerWindow
        case .exchange, .draining: self.buffer.readableBytes < (isChunked ? self.chunkedWindow : self.window)
        }
    }

    // MARK: Reading

    /// Passes the input to `body` without consuming it.
    func peek<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.buffer.withUnsafeReadableBytes(body)
    }

    /// Passes the input to `body`, which returns the number of bytes that it has consumed.
    mutating func consume<Result>(_ body: (UnsafeRawBufferPointer) -> (step: Result, consumed: Int)) -> Result {
        let (result, consumed) = self.buffer.withUnsafeReadableBytes(body)
        self.buffer.moveReaderIndex(forwardBy: consumed)
        return result
    }

    /// Parses a request header, and consumes it if it is complete.
    mutating func parseHeader(into head: RequestHead) -> HTTP1Parser.Outcome {
        let outcome = self.buffer.withUnsafeReadableBytes { self.parser.parse($0, into: head) }
        if case .complete(let size) = outcome { self.buffer.moveReaderIndex(forwardBy: size) }
        return outcome
    }

    /// Decodes and consumes the next step of the body.
    mutating func decode(_ body: inout RequestBody) -> ChunkedDecoder.Step {
        let step = self.buffer.withUnsafeReadableBytes { body.next($0) }
        switch step {
        case .part(let range): self.buffer.moveReaderIndex(forwardBy: range.upperBound)
        case .incomplete(let consumed), .trailer(_, _, let consumed), .end(let consumed):
            self.buffer.moveReaderIndex(forwardBy: consumed)
        case .refused: break
        }
        return step
    }

    /// Decodes the next part of the body, which shares the memory of the input. Throws a `Refusal` for an invalid body.
    /// `trailer`: called with the name and the value of each trailer.
    mutating func nextPart(
        of body: inout RequestBody, trailer: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(Refusal) -> Part {
        while true {
            let start = self.buffer
            switch self.decode(&body) {
            case .part(let range):
                // If the end of the body has arrived as well, this is the last part.
                if !body.isComplete, self.peek({ body.ends(in: $0) }) { _ = self.decode(&body) }
                let part = start.getSlice(at: start.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
                return .part(part, more: !body.isComplete)
            case .trailer(let name, let value, _):
                start.withUnsafeReadableBytes { bytes in
                    trailer(
                        UnsafeRawBufferPointer(rebasing: bytes[name]), UnsafeRawBufferPointer(rebasing: bytes[value]))
                }
            case .end: return .part(ByteBuffer(), more: false)
            case .incomplete: return .incomplete
            case .refused(let refusal): throw refusal
            }
        }
    }
}
