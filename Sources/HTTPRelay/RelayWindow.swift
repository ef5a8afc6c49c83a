package import HTTPServer
import NIOCore

/// What a back has sent and its front has not acknowledged, and what waits behind it: files and large bodies, which are sent a piece at
/// a time. Loop-bound.
///
/// The pending output of a relayed exchange has the limit of a direct connection: nothing further is sent while more than `mark` bytes are
/// unacknowledged.
struct RelayWindow {
    enum Next {
        case nothing
        case frame(ByteBuffer)
        /// A part of a body. `finished`: the body, when this was its last part, so that its bytes can be released.
        case part(Octets, RelayFrame.Kind, finished: ResponseBody?)
        case piece(ByteBuffer, RelayFrame.Kind)
        /// A file became shorter than the response header says.
        case fault
    }

    private enum Source {
        case file(ResponseFile)
        case body(ResponseBody)
    }

    /// A file or a body, how much of it was sent, and the kinds of its frames.
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

    /// Bytes that are sent at once.
    static let piece = RelayFrame.mostPart

    /// Payload bytes that are not acknowledged.
    private(set) var unacknowledged = 0
    /// The application waits for `.writable`.
    var isAwaited = false
    /// In order; the first may be sent in part.
    private var held = CircularBuffer<Held>()
    /// Bytes of the queued frames and bodies. Files do not count, since they are not in memory.
    private var heldBytes = 0
    /// Bytes of pending output, which the limit of the exchange applies to.
    var pending: Int { self.unacknowledged + self.heldBytes }

    /// Whether something waits to be sent.
    var isBusy: Bool { !self.held.isEmpty }

    /// Whether frames wait to be sent, or the application waits to send more.
    var isWanted: Bool { self.isBusy || self.isAwaited }

    /// The number of files that are not sent whole.
    var files: Int {
        self.held.count { if case .pieces(let pieces) = $0, case .file = pieces.source { true } else { false } }
    }

    mutating func sent(_ size: Int) { self.unacknowledged += size }

    /// The front has acknowledged bytes. True: more can be sent now, and something or the application waits for it. Throws for more than was
    /// sent.
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

    /// Queues a body, whose bytes have to stay until `next` or `drop` returns it. `last`: the kind of its last frame.
    mutating func hold(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        self.held.append(.pieces(Pieces(source: .body(body), size: body.bytes.size, kind: kind, last: last)))
        self.heldBytes += body.bytes.size
    }

    /// Queues a frame.
    mutating func hold(_ frame: ByteBuffer) {
        self.held.append(.frame(frame))
        self.heldBytes += frame.readableBytes
    }

    /// Drops the queue when the client is gone. Returns the bodies to release.
    mutating func drop() -> [ResponseBody] {
        defer {
            self.held.removeAll()
            self.heldBytes = 0
        }
        return self.held.compactMap {
            if case .pieces(let pieces) = $0, case .body(let body) = pieces.source { body } else { nil }
        }
    }

    /// Takes what is sent next.
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
    /// A copy of the bytes that its own `release` frees.
    package func copied() -> ResponseBody {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(self.bytes.size, 1), alignment: 1)
        if self.bytes.size > 0 { memory.copyMemory(from: self.bytes.data!, byteCount: self.bytes.size) }
        return ResponseBody(
            Octets(memory.assumingMemoryBound(to: UInt8.self), self.bytes.size), release: { $0?.deallocate() },
            context: memory)
    }
}
