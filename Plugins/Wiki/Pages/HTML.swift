/// HTML text. Interpolated strings are escaped, and interpolated HTML is not.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    let text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation: StringInterpolation) { self.text = stringInterpolation.text }

    /// HTML that is known to be safe.
    init(safe text: String) { self.text = text }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text: String

        init(literalCapacity: Int, interpolationCount: Int) {
            self.text = ""
            self.text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { self.text += literal }
        mutating func appendInterpolation(_ html: HTML) { self.text += html.text }
        mutating func appendInterpolation(_ html: HTML?) { self.text += html?.text ?? "" }
        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { self.text += part.text } }
        mutating func appendInterpolation(_ number: Int) { self.text += String(number) }

        mutating func appendInterpolation(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": self.text += "&amp;"
                case "<": self.text += "&lt;"
                case ">": self.text += "&gt;"
                case "\"": self.text += "&quot;"
                case "'": self.text += "&#39;"
                // Not allowed in HTML (HTML §3.2.5).
                case "\u{0}"..."\u{8}", "\u{b}", "\u{e}"..."\u{1f}", "\u{7f}": self.text += "\u{FFFD}"
                default: self.text.unicodeScalars.append(scalar)
                }
            }
        }
    }
}
