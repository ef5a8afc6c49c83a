/// The name of a certificate's subject as text (RFC 4514 §2). A value without I/O.
struct DistinguishedName {
    let text: String

    /// The short names of types (RFC 4514 §3).
    private static let types = [
        "2.5.4.3": "CN", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C",
        "2.5.4.9": "STREET", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
    ]

    private static let sequence: UInt8 = 0x30
    private static let set: UInt8 = 0x31
    private static let identifier: UInt8 = 0x06

    /// Reads the subject of a certificate in DER (RFC 5280 §4.1). Nil if the bytes are no certificate.
    init?(subjectOf certificate: [UInt8]) {
        var outer = DERReader(certificate[...])
        guard var whole = outer.next(Self.sequence), var fields = whole.next(Self.sequence),
            let first = fields.next()
        else { return nil }
        // The version is left out in certificates of version 1. The serial number follows.
        if first.tag == 0xa0 { guard fields.next() != nil else { return nil } }
        // The signature's algorithm, the issuer, the validity.
        for _ in 0..<3 { guard fields.next(Self.sequence) != nil else { return nil } }
        guard var subject = fields.next(Self.sequence) else { return nil }
        var parts: [String] = []
        while !subject.isAtEnd {
            guard var group = subject.next(Self.set) else { return nil }
            var texts: [String] = []
            while !group.isAtEnd {
                guard var pair = group.next(Self.sequence), let type = pair.next(), type.tag == Self.identifier,
                    let value = pair.next()
                else { return nil }
                texts.append(Self.part(type.content, value))
            }
            parts.append(texts.joined(separator: "+"))
        }
        // The text begins with the last part (§2.1).
        self.text = parts.reversed().joined(separator: ",")
    }

    private static func part(_ type: ArraySlice<UInt8>, _ value: DERReader.Value) -> String {
        let number = Self.number(type)
        guard let name = Self.types[number], let text = Self.text(value) else {
            return "\(number)=#\(Self.hexadecimal([value.tag] + Self.length(value.content.count) + value.content))"
        }
        return "\(name)=\(Self.escaped(text))"
    }

    /// An object identifier with dots (ITU-T X.690 §8.19).
    private static func number(_ bytes: ArraySlice<UInt8>) -> String {
        var numbers: [UInt64] = []
        var number: UInt64 = 0
        for byte in bytes {
            number = number << 7 | UInt64(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            if numbers.isEmpty {
                numbers = [min(number / 40, 2)]
                number -= numbers[0] * 40
            }
            numbers.append(number)
            number = 0
        }
        return numbers.map { "\($0)" }.joined(separator: ".")
    }

    /// The text of a string type; nil for other types.
    private static func text(_ value: DERReader.Value) -> String? {
        switch value.tag {
        // UTF8String, PrintableString, IA5String.
        case 12, 19, 22: String(validating: value.content, as: UTF8.self)
        // TeletexString, in practice Latin-1.
        case 20: String(String.UnicodeScalarView(value.content.map { Unicode.Scalar($0) }))
        // BMPString.
        case 30:
            String(
                validating: stride(from: value.content.startIndex, to: value.content.endIndex - 1, by: 2).map {
                    UInt16(value.content[$0]) << 8 | UInt16(value.content[$0 + 1])
                }, as: UTF16.self)
        default: nil
        }
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count > 127 else { return [UInt8(count)] }
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            bytes.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Escapes what would end or change a value (§2.4).
    private static func escaped(_ value: String) -> String {
        var text = ""
        let last = value.unicodeScalars.count - 1
        for (at, character) in value.unicodeScalars.enumerated() {
            switch character {
            case "\"", "+", ",", ";", "<", ">", "\\": text += "\\\(character)"
            case " " where at == 0 || at == last: text += "\\ "
            case "#" where at == 0: text += "\\#"
            case _ where character.value < 0x20 || character.value == 0x7f:
                text += "\\" + Self.hexadecimal([UInt8(character.value)])
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
