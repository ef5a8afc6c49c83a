/// What a generation remembers, on its way to the next.
package struct SavedState: Equatable, Sendable {
    package let version: UInt32
    package let format: String
    package let bytes: [UInt8]

    package init(version: UInt32, format: String, bytes: [UInt8]) {
        self.version = version
        self.format = format
        self.bytes = bytes
    }

    // MARK: Between processes

    /// As fields of a message, by the application's number.
    package func texts(of number: UInt32) -> [String: String] {
        [
            "\(number).version": "\(self.version)", "\(number).format": self.format,
            "\(number).bytes": Self.hex(self.bytes),
        ]
    }

    /// Nil: the message has none of this application.
    package init?(of number: UInt32, in texts: [String: String]) {
        guard let version = texts["\(number).version"].flatMap({ UInt32($0) }), let format = texts["\(number).format"],
            let bytes = texts["\(number).bytes"].flatMap(Self.bytes)
        else { return nil }
        self.init(version: version, format: format, bytes: bytes)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for at in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[at]), let low = Self.value(digits[at + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
