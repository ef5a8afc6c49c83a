package import Logging

/// Formats text from outside the server (clients, modules, files) for a log or a terminal.
///
/// Readers of a log can rely on this rule: apart from the pairs that the server itself writes, no line has a word
/// followed by `=`, and no byte of the text controls a terminal. Lines that begin with four spaces continue the message of
/// the line before, as those of a traceback: they are as the application wrote them, and have no pairs of the server.
package enum LogText {
    /// A value after `key=`: unchanged if it is one word of visible characters, otherwise quoted.
    package static func value(_ text: String) -> String {
        let isWord = text.unicodeScalars.allSatisfy {
            $0 != "\"" && $0 != "=" && !self.isUnsafe($0) && !$0.properties.isWhitespace
        }
        return isWord && !text.isEmpty ? text : self.quoted(text)
    }

    /// The fields after a message, sorted by name: ` key=value key="other value"`.
    package static func fields(_ fields: Logger.Metadata) -> String {
        fields.sorted { $0.key < $1.key }.map { " \($0)=\(self.value($1.description))" }.joined()
    }

    /// A message without control characters; quoted if it could be mistaken for pairs or for a quoted value.
    package static func message(_ text: String) -> String {
        text.first == "\"" || self.hasPair(text) ? self.quoted(text) : self.printable(text)
    }

    /// The text on one line of a terminal: control characters, and characters that reorder text, become spaces.
    package static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: self.isUnsafe) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { self.isUnsafe($0) ? " " : $0 }))
    }

    /// The text in double quotes, escaped as in C. `=` is escaped too, so that readers that ignore quotes find no pair.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "=": quoted += "\\x3d"
            case let scalar where self.isUnsafe(scalar):
                for byte in String(scalar).utf8 { quoted += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16) }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Whether a word at the start of the text, or after white space, is followed by `=`.
    private static func hasPair(_ text: String) -> Bool {
        var isKey = false
        var isBegin = true
        for scalar in text.unicodeScalars {
            if scalar == "=", isKey { return true }
            let isBlank = scalar.properties.isWhitespace || self.isUnsafe(scalar)
            let isLetter = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_"
            isKey = isLetter && isBegin || isKey && (isLetter || scalar == "-" || scalar == ".")
            isBegin = isBlank
        }
        return false
    }

    /// Control characters of C0 and C1, line and paragraph separators, and characters that change text direction.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}
