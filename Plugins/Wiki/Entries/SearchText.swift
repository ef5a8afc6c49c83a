/// Text in the form that a search compares: without differences of case, width (Unicode UAX #11) and white space.
struct SearchText: Hashable, Sendable {
    private let folded: String

    init(_ text: String) {
        var narrow = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { narrow.append(Self.usual(scalar)) }
        self.folded = EntryTitle.singleSpaced(String(narrow)).lowercased()
    }

    var isEmpty: Bool { self.folded.isEmpty }

    func contains(_ other: SearchText) -> Bool { self.folded.contains(other.folded) }

    /// The characters for U+FF61 to U+FF9F. The last two are combining marks.
    private static let katakana: [Unicode.Scalar] = {
        let letters = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
        return letters.unicodeScalars + ["\u{3099}", "\u{309a}"]
    }()

    /// Returns the scalar of the usual width for one of the block "Halfwidth and Fullwidth Forms".
    private static func usual(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let value = scalar.value
        guard value >= 0xff01, value <= 0xffee else { return scalar }
        let other: UInt32 =
            switch value {
            case 0xff01...0xff5e: value - 0xff01 + 0x21
            case 0xff5f...0xff60: value - 0xff5f + 0x2985
            case 0xff61...0xff9f: Self.katakana[Int(value - 0xff61)].value
            // Hangul; the vowels are in groups of six.
            case 0xffa0: 0x3164
            case 0xffa1...0xffbe: value - 0xffa1 + 0x3131
            case 0xffc2...0xffc7: value - 0xffc2 + 0x314f
            case 0xffca...0xffcf: value - 0xffca + 0x3155
            case 0xffd2...0xffd7: value - 0xffd2 + 0x315b
            case 0xffda...0xffdc: value - 0xffda + 0x3161
            case 0xffe0...0xffe1: value - 0xffe0 + 0xa2
            case 0xffe2: 0xac
            case 0xffe3: 0xaf
            case 0xffe4: 0xa6
            case 0xffe5: 0xa5
            case 0xffe6: 0x20a9
            case 0xffe8: 0x2502
            case 0xffe9...0xffec: value - 0xffe9 + 0x2190
            case 0xffed: 0x25a0
            case 0xffee: 0x25cb
            default: value
            }
        return Unicode.Scalar(other) ?? scalar
    }
}
