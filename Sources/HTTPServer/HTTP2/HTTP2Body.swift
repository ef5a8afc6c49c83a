import CHTTP2
import NIOCore

/// The part of a response body that waits to be sent on a stream. Loop-bound.
struct HTTP2Body {
    private enum Item {
        case bytes(ByteBuffer)
        /// Borrowed bytes, of which `sent` were sent.
        case borrowed(ResponseBody, sent: Int)
        case file(FilePieces, current: ByteBuffer)
    }

    private var items: [Item] = []
    private var first = 0
    /// The bytes of all items, including those of files that are not read yet.
    private(set) var size = 0
    /// The bytes of files that are not in memory.
    private var unread = 0
    /// The bytes in memory.
    var memory: Int { self.size - self.unread }
    /// The bytes that were sent.
    private(set) var sent = 0
    /// The files in `items`, each with a descriptor.
    private(set) var files = 0
    /// Whether the body ends after what waits.
    private var isEnded = false
    private var hasTrailers = false
    /// Bodies whose bytes were sent: the handler gets them back.
    private(set) var released: [ResponseBody] = []
    /// Whether a file could not be read.
    private(set) var hasFailed = false

    /// The size of a piece of a file.
    private static let pieceSize = 64 * 1024

    var isEmpty: Bool { self.first == self.items.count }

    mutating func append(_ body: ResponseBody) {
        guard body.bytes.size > 0 else {
            if body.release != nil { self.released.append(body) }
            return
        }
        guard body.release == nil || body.bytes.size <= ConnectionOutput.smallBody else {
            self.size += body.bytes.size
            return self.items.append(.borrowed(body, sent: 0))
        }
        // Small parts share a buffer, and later a frame.
        self.encode { $0.writeBytes(body.bytes.bytes) }
        if body.release != nil { self.released.append(body) }
    }

    /// Calls `body` to encode bytes.
    mutating func encode(_ body: (inout ByteBuffer) -> Void) {
        var buffer = ByteBuffer()
        if case .bytes(let last)? = self.items.last, self.first < self.items.count {
            buffer = last
            self.items.removeLast()
        }
        let before = buffer.readableBytes
        body(&buffer)
        self.size += buffer.readableBytes - before
        self.items.append(.bytes(buffer))
    }

    /// Appends bytes without a copy.
    mutating func append(shared bytes: ByteBuffer) {
        self.size += bytes.readableBytes
        self.items.append(.bytes(bytes))
    }

    mutating func append(_ file: FilePieces) {
        guard file.left > 0 else { return file.cancel() }
        self.size += file.left
        self.unread += file.left
        self.files += 1
        self.items.append(.file(file, current: ByteBuffer()))
    }

    /// Ends the body after what waits. `hasTrailers`: whether trailers follow.
    mutating func end(hasTrailers: Bool) {
        self.isEnded = true
        self.hasTrailers = hasTrailers
    }

    mutating func removeReleased() -> [ResponseBody] {
        defer { self.released.removeAll() }
        return self.released
    }

    /// Describes the next part, of at most `most` bytes.
    mutating func next(most: Int) -> roost_h2_part {
        var part = roost_h2_part()
        let available = self.available(most: most)
        if available == 0, !(self.isEnded && self.isEmpty) {
            part.is_empty = 1
            return part
        }
        part.size = min(available, most)
        if self.isEnded, part.size == self.size {
            part.is_last = 1
            part.trailers = self.hasTrailers ? 1 : 0
        }
        return part
    }

    /// The bytes that can be sent now, of the items from the first on.
    private mutating func available(most: Int) -> Int {
        var count = 0
        var at = self.first
        while at < self.items.count, count < most {
            switch self.items[at] {
            case .bytes(let bytes): count += bytes.readableBytes
            case .borrowed(let body, let sent): count += body.bytes.size - sent
            case .file(let pieces, let current):
                if current.readableBytes == 0 {
                    switch pieces.next(most: Self.pieceSize) {
                    case .bytes(let bytes):
                        self.unread -= bytes.readableBytes
                        self.items[at] = .file(pieces, current: bytes)
                    case .loading, .end: return count
                    case .failed:
                        self.hasFailed = true
                        return count
                    }
                    continue
                }
                count += current.readableBytes
                // The rest of the file is read once this is sent.
                if pieces.left > 0 { return count }
            }
            at += 1
        }
        return count
    }

    /// Moves the next `count` bytes, which were described, to a buffer.
    mutating func write(_ count: Int, to output: inout ByteBuffer) {
        var count = count
        self.size -= count
        self.sent += count
        while count > 0, self.first < self.items.count {
            switch self.items[self.first] {
            case .bytes(var bytes):
                let step = min(count, bytes.readableBytes)
                bytes.withUnsafeReadableBytes { _ = output.writeBytes(UnsafeRawBufferPointer(rebasing: $0[..<step])) }
                bytes.moveReaderIndex(forwardBy: step)
                count -= step
                if bytes.readableBytes > 0 { self.items[self.first] = .bytes(bytes) } else { self.removeFirst() }
            case .borrowed(let body, let sent):
                let step = min(count, body.bytes.size - sent)
                output.writeBytes(UnsafeRawBufferPointer(rebasing: body.bytes.bytes[sent..<(sent + step)]))
                count -= step
                if sent + step < body.bytes.size {
                    self.items[self.first] = .borrowed(body, sent: sent + step)
                } else {
                    self.released.append(body)
                    self.removeFirst()
                }
            case .file(let pieces, var current):
                let step = min(count, current.readableBytes)
                current.withUnsafeReadableBytes { _ = output.writeBytes(UnsafeRawBufferPointer(rebasing: $0[..<step])) }
                current.moveReaderIndex(forwardBy: step)
                count -= step
                if current.readableBytes == 0, pieces.left == 0 {
                    self.files -= 1
                    pieces.cancel()
                    self.removeFirst()
                } else {
                    self.items[self.first] = .file(pieces, current: current)
                }
            }
        }
    }

    private mutating func removeFirst() {
        self.items[self.first] = .bytes(ByteBuffer())
        self.first += 1
        if self.first == self.items.count {
            self.items.removeAll(keepingCapacity: true)
            self.first = 0
        }
    }

    /// Drops what waits. The bodies are in `released` then.
    mutating func drop() {
        for item in self.items[self.first...] {
            switch item {
            case .bytes: break
            case .borrowed(let body, _): self.released.append(body)
            case .file(let pieces, _): pieces.cancel()
            }
        }
        self.items.removeAll()
        self.first = 0
        self.size = 0
        self.unread = 0
        self.files = 0
        self.isEnded = true
    }
}
