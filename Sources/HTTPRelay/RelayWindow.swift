package import HTTPServer
import NIOCore

/// The output that a back has sent and the front has not acknowledged, and the queue after it. Files and large bodies
/// are sent in pieces. Loop-bound.
///
/// The pending output of a relayed exchange has the same limit as that of a direct connection. Queued output waits
/// while more than `mark` bytes are unacknowledged.
struct RelayWindow {
    enum Next {
        case nothing
        case frame(ByteBuffer)
        /// A part of a body. `finished`: the body if this was its last part, so that its bytes can be released.
        case part(Octets, RelayFrame.Kind, finished: ResponseBody?)
        case piece(ByteBuffer, RelayFrame.Kind)
        /// A file is shorter than the response header says.
        case fault
    }

    private enum Source {
        case file(ResponseFile)
        case body(ResponseBody)
    }

    /// A file or a body, the number of bytes sent, and the kinds of its frames.
    private struct Pieces {
        let source: Source
        let size: Int
        let kind: RelayFrame.Kind
        let last: RelayFrame.Kind
        var sent = 0
    }

    private enum Held {
        case frame(ByteBuffer)
        case pieces(Pieces)
    }

    /// The number of bytes sent at once.
    static let piece = RelayFrame.maxPart

    /// Payload bytes that the front has not acknowledged.
    private(set) var unacknowledged = 0
    /// Whether the application waits for `.writable`.
    var isAwaited = false
    /// The queue, in order. The first entry may be partly sent.
    private var held = CircularBuffer<Held>()
    /// Bytes of the queued frames and bodies. Files do not count, since they are not in memory.
    private var heldBytes = 0
    /// Pending output in bytes, to which the limit of the exchange applies.
    var pending: Int { self.unacknowledged + self.heldBytes }

    /// Whether output is queued.
    var isBusy: Bool { !self.held.isEmpty }

    /// Whether output is queued, or the application waits to send more.
    var isWanted: Bool { self.isBusy || self.isAwaited }

    /// The number of files that are not completely sent.
    var files: Int {
        self.held.count { if case .pieces(let pieces) = $0, case .file = pieces.source { true } else { false } }
    }

    mutating func sent(_ size: Int) { self.unacknowledged += size }

    /// Counts bytes that the front has acknowledged. Returns whether more can be sent now, and the queue or the
    /// application waits for it. Throws if the front has acknowledged more than was sent.
    mutating func acknowledge(_ size: UInt64, mark: Int) throws(RelayFault) -> Bool {
        guard size <= UInt64(self.unacknowledged) else { throw RelayFault() }
        self.unacknowledged -= Int(size)
        return self.isWanted && self.unacknowledged <= mark / 2
    }

    /// Queues a file.
    mutating func hold(_ file: ResponseFile, more: Bool) {
        self.held.append(
            .pieces(Pieces(source: .file(file), size: file.count, kind: .send, last: more ? .send : .sendLast)))
    }

    /// Queues a body, whose bytes must stay valid until `next` or `drop` returns it. `last`: the kind of its last
    /// frame.
    mutating func hold(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        self.held.append(.pieces(Pieces(source: .body(body), size: body.bytes.size, kind: kind, last: last)))
        self.heldBytes += body.bytes.size
    }

    /// Queues a frame.
    mutating func hold(_ frame: ByteBuffer) {
        self.held.append(.frame(frame))
        self.heldBytes += frame.readableBytes
    }

    /// Drops the queue after the client is gone. Returns the bodies to release.
    mutating func drop() -> [ResponseBody] {
        defer {
            self.held.removeAll()
            self.heldBytes = 0
        }
        return self.held.compactMap {
            if case .pieces(let pieces) = $0, case .body(let body) = pieces.source { body } else { nil }
        }
    }

    /// Removes and returns the next output to send.
    mutating func next() -> Next {
        guard let first = self.held.first else { return .nothing }
        switch first {
        case .frame(let frame):
            self.held.removeFirst()
            self.heldBytes -= frame.readableBytes
            return .frame(frame)
        case .pieces(var pieces):
            let at = pieces.sent
            let size = min(Self.piece, pieces.size - at)
            pieces.sent += size
            let isWhole = pieces.sent == pieces.size
            let kind = isWhole ? pieces.last : pieces.kind
            if isWhole { self.held.removeFirst() } else { self.held[self.held.startIndex] = .pieces(pieces) }
            switch pieces.source {
            case .body(let body):
                self.heldBytes -= size
                let part = Octets(data: body.bytes.data.map { $0 + at }, size: size)
                return .part(part, kind, finished: isWhole ? body : nil)
            case .file(let file):
                guard let bytes = file.read(at: at, size) else { return .fault }
                return .piece(bytes, kind)
            }
        }
    }
}

extension ResponseBody {
    /// Returns a copy, whose bytes are freed by its own `release`.
    package func copied() -> ResponseBody {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(self.bytes.size, 1), alignment: 1)
        if self.bytes.size > 0 { memory.copyMemory(from: self.bytes.data!, byteCount: self.bytes.size) }
        return ResponseBody(
            Octets(memory.assumingMemoryBound(to: UInt8.self), self.bytes.size), release: { $0?.deallocate() },
            context: memory)
    }
}
