import NIOCore

/// What a back has sent and its front has not handed on; and what waits behind it: files, and bodies that are large, go a piece at a time.
/// Loop-bound.
struct RelayWindow {
    enum Next {
        case nothing
        case frame(ByteBuffer)
        /// A part of a body, of a response or of one in a WebSocket's place; `finished`: it was the last of these bytes, which are needed no more.
        case part(Octets, RelayFrame.Kind, finished: ResponseBody?)
        case piece(ByteBuffer, RelayFrame.Kind)
        case fault
    }

    private enum Source {
        case file(ResponseFile)
        case body(ResponseBody)
    }

    /// A file or a body, as far as it was sent; and the kinds of its frames.
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

    /// What is sent at once, and how much of it may be under way.
    static let piece = 64 * 1024
    static let most = 256 * 1024

    /// Bytes of payloads.
    private(set) var underWay = 0
    /// Whoever sends waits until less is.
    var isAwaited = false
    /// The first is under way.
    private var held = CircularBuffer<Held>()

    /// Something waits to be sent.
    var isBusy: Bool { !self.held.isEmpty }

    /// Files that are not sent whole.
    var files: Int {
        self.held.count { if case .pieces(let pieces) = $0, case .file = pieces.source { true } else { false } }
    }

    mutating func sent(_ size: Int) { self.underWay += size }

    /// True: somebody waits for it, or something does.
    mutating func credited(_ size: Int, mark: Int) -> Bool {
        self.underWay -= size
        return self.isBusy ? self.underWay <= Self.most / 2 : self.isAwaited && self.underWay <= mark / 2
    }

    /// They go as far as they are taken.
    mutating func hold(_ file: ResponseFile, more: Bool) {
        self.held.append(
            .pieces(Pieces(source: .file(file), size: file.count, kind: .send, last: more ? .send : .sendLast)))
    }

    /// The body is lent, or was copied: it is the window's until it says that it is finished. `last`: the kind of its last frame.
    mutating func hold(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        self.held.append(.pieces(Pieces(source: .body(body), size: body.bytes.size, kind: kind, last: last)))
    }

    /// It goes when what is before it has.
    mutating func hold(_ frame: ByteBuffer) { self.held.append(.frame(frame)) }

    /// Nobody takes it any more. Says which bodies are needed no more.
    mutating func drop() -> [ResponseBody] {
        defer { self.held.removeAll() }
        return self.held.compactMap {
            if case .pieces(let pieces) = $0, case .body(let body) = pieces.source { body } else { nil }
        }
    }

    /// What goes next.
    mutating func next() -> Next {
        guard let first = self.held.first else { return .nothing }
        switch first {
        case .frame(let frame):
            self.held.removeFirst()
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
    /// The same bytes, copied: somebody else lets go of his.
    func copied() -> ResponseBody {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(self.bytes.size, 1))
        for (at, byte) in self.bytes.bytes.enumerated() { (memory + at).initialize(to: byte) }
        return ResponseBody(
            Octets(memory, self.bytes.size), release: { UnsafeMutableRawPointer($0)?.deallocate() }, context: memory)
    }
}
