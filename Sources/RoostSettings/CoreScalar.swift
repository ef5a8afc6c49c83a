import RoostSystem

/// A scalar of a settings file, resolved by the core schema of YAML 1.2 (§10.3.2). No other type interprets plain text.
/// `yes`, `no`, `on`, `off`, `12:30`, `1_000`, `0b1` and dates are strings.
package struct CoreScalar: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case text
        case null
        case flag(Bool)
        /// The number in JSON notation.
        case number(String)
    }

    /// The text as written in the file.
    package let text: String
    package let kind: Kind

    /// Why a scalar is refused. The message does not contain its text, which may be a secret.
    package struct Fault: Error { let message: String }

    /// A quoted scalar.
    package init(quoted text: String) {
        self.text = text
        self.kind = .text
    }

    /// A scalar without tag and quotes.
    package init(plain text: String) throws(Fault) {
        self.text = text
        switch text {
        case "", "~", "null", "Null", "NULL": self.kind = .null
        case "true", "True", "TRUE": self.kind = .flag(true)
        case "false", "False", "FALSE": self.kind = .flag(false)
        default: self.kind = try Self.number(text).map { .number($0) } ?? .text
        }
    }

    /// A scalar with a tag. A local tag (`!env HOME`) has no meaning here: the value is the whole text with the tag, so
    /// that it is not mistaken for the tag's result.
    package init(_ text: String, tag: String) throws(Fault) {
        guard !tag.hasPrefix("!") else {
            self.init(quoted: text.isEmpty ? tag : "\(tag) \(text)")
            return
        }
        let name = tag.hasPrefix(Self.namespace) ? String(tag.dropFirst(Self.namespace.count)) : ""
        let plain = try name == "str" ? CoreScalar(quoted: text) : CoreScalar(plain: text)
        let isWhole = plain.text.utf8.allSatisfy { !Self.ofFractions.contains($0) } || text.hasPrefix("0x")
        switch (name, plain.kind) {
        case ("str", _), ("null", .null), ("bool", .flag), ("float", .number): break
        case ("int", .number) where isWhole: break
        // JSON has no infinity and no NaN: the value is a string, but the tag is correct.
        case ("float", .text) where Self.isNotFinite(text): break
        case ("null", _), ("bool", _), ("int", _), ("float", _):
            throw Fault(message: "the value is not of the type !!\(name)")
        default:
            throw Fault(message: Self.refusal(ofTag: tag))
        }
        self = plain
    }

    package static let namespace = "tag:yaml.org,2002:"
    private static let ofFractions = Set(".eE".utf8)

    /// Why a tag is refused. A local tag is not shown: a secret may begin with a `!`.
    package static func refusal(ofTag tag: String) -> String {
        let name = tag.hasPrefix(self.namespace) ? " !!\(ShownText.of(tag.dropFirst(self.namespace.count)))" : ""
        return "the tag\(name) is not supported; remove it (a value that starts with ! must be quoted)"
    }

    // MARK: Numbers

    /// `[-+]? \. (inf | Inf | INF)` and `\. (nan | NaN | NAN)`.
    private static func isNotFinite(_ text: String) -> Bool {
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        return [".inf", ".Inf", ".INF"].contains(unsigned) || [".nan", ".NaN", ".NAN"].contains(text)
    }

    /// The JSON notation of a number; nil if the text is not a number.
    private static func number(_ text: String) throws(Fault) -> String? {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, first < UInt8(ascii: ":") else { return nil }
        if bytes.starts(with: "0x".utf8) { return try Self.whole(text, radix: 16) }
        if bytes.starts(with: "0o".utf8) { return try Self.whole(text, radix: 8) }
        return Self.decimal(bytes)
    }

    private static func whole(_ text: String, radix: Int) throws(Fault) -> String? {
        let digits = text.dropFirst(2)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ Self.digit($0) < radix }) else { return nil }
        guard let number = UInt64(digits, radix: radix) else {
            throw Fault(message: "the number has more than 64 bits; quote it, or write it in decimal")
        }
        return "\(number)"
    }

    private static func digit(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: .max
        }
    }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, and whole numbers. JSON allows no `+` and
    /// no leading zeros, and requires digits on both sides of a point; everything else is kept as written.
    private static func decimal(_ bytes: [UInt8]) -> String? {
        var rest = bytes[...]
        func digits() -> ArraySlice<UInt8> {
            let digits = rest.prefix { Self.digit($0) < 10 }
            rest = rest.dropFirst(digits.count)
            return digits
        }
        func consume(_ characters: String) -> UInt8? {
            guard let first = rest.first, characters.utf8.contains(first) else { return nil }
            rest = rest.dropFirst()
            return first
        }
        let sign = consume("-+")
        let whole = digits()
        let hasPoint = consume(".") != nil
        let fraction = hasPoint ? digits() : []
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        var exponent: [UInt8] = []
        if let letter = consume("eE") {
            let sign = consume("-+")
            let digits = digits()
            guard !digits.isEmpty else { return nil }
            exponent = [letter] + (sign.map { [$0] } ?? []) + digits
        }
        guard rest.isEmpty else { return nil }
        let significant = whole.drop { $0 == UInt8(ascii: "0") }
        var json = sign == UInt8(ascii: "-") ? [UInt8(ascii: "-")] : []
        json += significant.isEmpty ? [UInt8(ascii: "0")] : Array(significant)
        if hasPoint { json += [UInt8(ascii: ".")] + (fraction.isEmpty ? [UInt8(ascii: "0")] : Array(fraction)) }
        return String(decoding: json + exponent, as: UTF8.self)
    }
}
