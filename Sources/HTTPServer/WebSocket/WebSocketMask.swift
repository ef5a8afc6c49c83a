/// The mask of a client's frame (RFC 6455 §5.3), and how far it has been used.
struct WebSocketMask {
    /// The key as it lies in memory, twice: what a word is unmasked with.
    private let word: UInt64
    private var used = 0

    /// No mask.
    init() { self.word = 0 }

    /// `bytes`: the four of the key.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        let key = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        self.word = key << 32 | key
    }

    /// Unmasks bytes into other memory, a word at a time, going on where the last call has ended.
    mutating func copy(from bytes: UnsafeRawBufferPointer, to room: UnsafeMutableRawPointer) {
        // Turned so that it begins with the byte of the key that is next.
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
