/// Validates UTF-8 incrementally (RFC 3629 §4, Unicode table 3-7). A value without I/O.
///
/// Fails at the first invalid byte, without waiting for the rest (RFC 6455 §8.1).
package struct UTF8Check {
    /// The number of bytes that the current character still needs.
    private var missing = 0
    /// The valid range of the next byte of the current character.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xbf

    /// Whether the bytes so far end with a complete character.
    package var isComplete: Bool { self.missing == 0 }

    /// Checks the next bytes. Returns false if they are not UTF-8.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        let count = bytes.count
        while at < count {
            if self.missing == 0 {
                at = Self.skipASCII(bytes, from: at)
                guard at < count else { return true }
                guard self.start(bytes[at]) else { return false }
            } else {
                guard self.low...self.high ~= bytes[at] else { return false }
                self.missing -= 1
                self.low = 0x80
                self.high = 0xbf
            }
            at += 1
        }
        return true
    }

    /// Whether the bytes are complete, valid UTF-8.
    package static func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var check = UTF8Check()
        return check.consume(bytes) && check.isComplete
    }

    /// Checks the first byte of a multi-byte character. The range of the second byte excludes overlong forms,
    /// surrogates, and values above U+10FFFF.
    private mutating func start(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xc2...0xdf: self.missing = 1
        case 0xe0: (self.missing, self.low) = (2, 0xa0)
        case 0xed: (self.missing, self.high) = (2, 0x9f)
        case 0xe1...0xef: self.missing = 2
        case 0xf0: (self.missing, self.low) = (3, 0x90)
        case 0xf1...0xf3: self.missing = 3
        case 0xf4: (self.missing, self.high) = (3, 0x8f)
        default: return false
        }
        return true
    }

    /// Skips eight bytes at a time, since most text is ASCII.
    private static func skipASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at + 8 <= bytes.count,
            bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            at += 8
        }
        while at < bytes.count, bytes[at] < 0x80 { at += 1 }
        return at
    }
}
