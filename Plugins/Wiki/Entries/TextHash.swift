/// A hash that identifies a text: FNV-1a (64 bits) of its UTF-8, written as 16 hexadecimal digits. Not cryptographic,
/// so it does not detect forged texts.
struct TextHash: Hashable, Sendable, CustomStringConvertible {
    private let value: UInt64

    init(of text: String) {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        self.value = value
    }

    /// Nil unless the text has 16 hexadecimal digits.
    init?(_ hex: String) {
        // `UInt64(_:radix:)` alone would accept a sign.
        guard hex.utf8.count == 16, hex.allSatisfy(\.isHexDigit), let value = UInt64(hex, radix: 16) else { return nil }
        self.value = value
    }

    var description: String {
        let digits = String(self.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
