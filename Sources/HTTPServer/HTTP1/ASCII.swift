/// The classes of bytes that the grammar of HTTP knows.
public enum ASCII {
    public static let newline = UInt8(ascii: "\n")
    public static let carriageReturn = UInt8(ascii: "\r")
    public static let space = UInt8(ascii: " ")
    public static let tab = UInt8(ascii: "\t")

    @inlinable
    @inline(__always)
    public static func isBlank(_ byte: UInt8) -> Bool { byte == Self.space || byte == Self.tab }

    @inlinable
    @inline(__always)
    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// `tchar` of RFC 9110 §5.6.2, as two words of one bit a character.
    @inlinable
    @inline(__always)
    public static func isToken(_ byte: UInt8) -> Bool {
        let word: UInt64 = byte < 64 ? 0x03ff_6cfa_0000_0000 : byte < 128 ? 0x57ff_ffff_c7ff_fffe : 0
        return word >> UInt64(byte & 63) & 1 == 1
    }

    /// What may stand in a field value besides the white space around it: VCHAR, obs-text, SP, HTAB (RFC 9110 §5.5).
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7f) || byte == Self.tab
    }

    /// What may stand in a request target: visible ASCII but `#` (RFC 9112 §3.2; a fragment is never sent).
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#") }

    /// The value of a hexadecimal digit, or nil.
    @inlinable
    @inline(__always)
    public static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if Self.isDigit(byte) { return byte &- UInt8(ascii: "0") }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }

    @inlinable
    @inline(__always)
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// `0` to `9`, `a` to `f`.
    @inlinable
    @inline(__always)
    public static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        Self.isDigit(byte) || byte &- UInt8(ascii: "a") < 6
    }

    /// A letter, a digit, `-` or `_`, as two words of one bit a character.
    @inlinable
    @inline(__always)
    public static func isSlug(_ byte: UInt8) -> Bool {
        let word: UInt64 = byte < 64 ? 0x03ff_2000_0000_0000 : byte < 128 ? 0x07ff_fffe_87ff_fffe : 0
        return word >> UInt64(byte & 63) & 1 == 1
    }
}
