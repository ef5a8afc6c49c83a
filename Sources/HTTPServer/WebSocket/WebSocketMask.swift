/// The masking key of a client's frame (RFC 6455 §5.3), and the current position in it.
struct WebSocketMask {
    /// The key twice, in memory order, to unmask eight bytes at a time.
    private let word: UInt64
    private var used = 0

    /// Creates a mask that changes nothing.
    init() { self.word = 0 }

    /// Reads the four bytes of the key from `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        let key = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        self.word = key << 32 | key
    }

    /// Unmasks bytes into `room`, eight at a time. Continues at the position where the previous call ended.
    mutating func copy(from bytes: UnsafeRawBufferPointer, to room: UnsafeMutableRawPointer) {
        // Rotated so that the word starts with the next byte of the key.
        let turn = UInt64(self.used & 3) * 8
        let word = turn == 0 ? self.word : self.word >> turn | self.word << (64 - turn)
        let count = bytes.count
        var at = 0
        while at + 8 <= count {
            let masked = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            room.storeBytes(of: (masked ^ word).littleEndian, toByteOffset: at, as: UInt64.self)
            at += 8
        }
        while at < count {
            let byte = UInt8(truncatingIfNeeded: word >> (UInt64(at & 7) * 8))
            room.storeBytes(of: bytes[at] ^ byte, toByteOffset: at, as: UInt8.self)
            at += 1
        }
        self.used += count
    }
}
