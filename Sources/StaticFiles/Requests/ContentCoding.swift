import HTTPServer

/// A content coding in which a file can be stored beside it: `app.js.br` for `app.js`.
enum ContentCoding: CaseIterable {
    /// In the order of preference.
    case brotli, zstd, gzip

    var name: StaticString {
        switch self {
        case .brotli: "br"
        case .zstd: "zstd"
        case .gzip: "gzip"
        }
    }

    /// The ending of the file's name.
    var ending: String {
        switch self {
        case .brotli: ".br"
        case .zstd: ".zst"
        case .gzip: ".gz"
        }
    }

    /// The codings that a client accepts (RFC 9110 §12.5.3).
    struct Accepted {
        private var weights: [Int] = [0, 0, 0]

        /// `field`: the value of `accept-encoding`; empty if there is none.
        init(_ field: Octets) {
            guard field.size > 0 else { return }
            var others: Int?
            var isNamed = [false, false, false]
            for member in field.bytes.split(separator: UInt8(ascii: ",")) {
                let parts = member.split(separator: UInt8(ascii: ";"), maxSplits: 1)
                guard let first = parts.first else { continue }
                let name = first.drop { ASCII.isBlank($0) }.prefix { !ASCII.isBlank($0) }
                let weight = parts.count > 1 ? Self.weight(parts[1]) : 1000
                if name.elementsEqual("*".utf8) { others = weight }
                for (at, coding) in ContentCoding.allCases.enumerated()
                where "\(coding.name)".utf8.elementsEqual(name.lazy.map(ASCII.lowercased)) {
                    self.weights[at] = weight
                    isNamed[at] = true
                }
            }
            guard let others else { return }
            for at in isNamed.indices where !isNamed[at] { self.weights[at] = others }
        }

        /// Thousandths, of `q=0.8`; 1000 for anything else.
        private static func weight(_ text: Slice<UnsafeRawBufferPointer>) -> Int {
            let digits = text.filter { !ASCII.isBlank($0) }.map(ASCII.lowercased)
            guard digits.count >= 3, digits[0] == UInt8(ascii: "q"), digits[1] == UInt8(ascii: "=") else { return 1000 }
            guard digits[2] == UInt8(ascii: "0") else { return 1000 }
            var weight = 0
            for (place, digit) in zip([100, 10, 1], digits.dropFirst(4)) where ASCII.isDigit(digit) {
                weight += Int(digit - UInt8(ascii: "0")) * place
            }
            return weight
        }

        /// The coding among these that the client prefers; nil if it accepts none of them.
        func best(of codings: [ContentCoding]) -> ContentCoding? {
            var best: (coding: ContentCoding, weight: Int)?
            for (coding, weight) in zip(ContentCoding.allCases, self.weights)
            where weight > (best?.weight ?? 0) && codings.contains(coding) {
                best = (coding, weight)
            }
            return best?.coding
        }
    }
}
