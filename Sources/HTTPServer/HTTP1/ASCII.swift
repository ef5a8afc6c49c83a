/// The character classes of the HTTP grammar.
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
    public static func lowercased(_ byte: UInt8) -> UInt8 { self.isUpperCase(byte) ? byte | 0x20 : byte }

    @inlinable
    @inline(__always)
    public static func isUpperCase(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }

    /// Whether the byte is a `tchar` (RFC 9110 §5.6.2). The constants hold one bit per character.
    @inlinable
    @inline(__always)
    public static func isToken(_ byte: UInt8) -> Bool {
        let word: UInt64 = byte < 64 ? 0x03ff_6cfa_0000_0000 : byte < 128 ? 0x57ff_ffff_c7ff_fffe : 0
        return word >> UInt64(byte & 63) & 1 == 1
    }

    /// The kind of a byte in the name of a field, as bits: `notInName`, `upperCase`, or none of them.
    @inline(__always)
    static func nameKind(_ byte: UInt8) -> UInt8 { byte < 128 ? self.nameKinds.utf8Start[Int(byte)] : self.notInName }

    static let notInName: UInt8 = 1
    static let upperCase: UInt8 = 2

    /// A digit for each character, whose low bits are its kind: `1` for one that is no `tchar` (`isToken`), `2` for an
    /// upper-case letter. One look-up per byte, since every name of a response is checked.
    private static let nameKinds: StaticString = """
        1111111111111111111111111111111110100000110010010000000000111111\
        1222222222222222222222222221110000000000000000000000000000010101
        """

    /// Whether the byte is allowed in a field value: VCHAR, obs-text, SP, HTAB (RFC 9110 §5.5).
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7f) || byte == Self.tab
    }

    /// Whether the byte is allowed in a request target: visible ASCII except `#`, since a fragment is never sent
    /// (RFC 9112 §3.2).
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#") }

    /// Returns the value of a hexadecimal digit; nil for any other byte.
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

    /// Whether the byte is one of `0` to `9`, `a` to `f`.
    @inlinable
    @inline(__always)
    public static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        Self.isDigit(byte) || byte &- UInt8(ascii: "a") < 6
    }

    /// Whether the byte is a letter, a digit, `-` or `_`. The constants hold one bit per character.
    @inlinable
    @inline(__always)
    public static func isSlug(_ byte: UInt8) -> Bool {
        let word: UInt64 = byte < 64 ? 0x03ff_2000_0000_0000 : byte < 128 ? 0x07ff_fffe_87ff_fffe : 0
        return word >> UInt64(byte & 63) & 1 == 1
    }
}
