import NIOCore

/// What a back has sent and its front has not handed on; and what waits behind a file that is read as it goes. Loop-bound.
struct RelayWindow {
    enum Next {
        case nothing
        case frame(ByteBuffer)
        case part(ByteBuffer, more: Bool)
        case fault
    }

    /// A file, as far as it was read.
    struct Pieces {
        let file: ResponseFile
        let more: Bool
        var sent = 0
    }

    private enum Held {
        case frame(ByteBuffer)
        case file(Pieces)
    }

    private static let piece = 64 * 1024

    /// Bytes of payloads.
    private(set) var underWay = 0
    /// Whoever sends waits until less is.
    var isAwaited = false
    /// The first is under way.
    private(set) var file: Pieces?
    private var held: [Held] = []

    /// Files that are not sent whole.
    var files: Int {
        self.held.count { if case .file = $0 { true } else { false } } + (self.file == nil ? 0 : 1)
    }

    /// Something waits to be sent.
    var isBusy: Bool { self.file != nil || !self.held.isEmpty }

    mutating func sent(_ size: Int) { self.underWay += size }

    /// True: somebody waits for it, or something does.
    mutating func credited(_ size: Int, mark: Int) -> Bool {
        self.underWay -= size
        return self.underWay <= mark / 2 && (self.isAwaited || self.isBusy)
    }

    mutating func begin(_ file: ResponseFile, more: Bool) {
        if !self.isBusy {
            self.file = Pieces(file: file, more: more)
        } else {
            self.held.append(.file(Pieces(file: file, more: more)))
        }
    }

    /// It goes when the file has.
    mutating func hold(_ frame: ByteBuffer) { self.held.append(.frame(frame)) }

    mutating func drop() {
        self.file = nil
        self.held = []
    }

    /// What goes next.
    mutating func next() -> Next {
        if let pieces = self.file { return self.next(of: pieces) }
        guard !self.held.isEmpty else { return .nothing }
        switch self.held.removeFirst() {
        case .frame(let frame): return .frame(frame)
        case .file(let pieces):
            self.file = pieces
            return self.next(of: pieces)
        }
    }

    private mutating func next(of pieces: Pieces) -> Next {
        let size = min(Self.piece, pieces.file.count - pieces.sent)
        guard let bytes = pieces.file.read(at: pieces.sent, size) else {
            self.drop()
            return .fault
        }
        let isWhole = pieces.sent + size == pieces.file.count
        if isWhole {
            self.file = nil
        } else {
            self.file?.sent += size
        }
        return .part(bytes, more: pieces.more || !isWhole)
    }
}
