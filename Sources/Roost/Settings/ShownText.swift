/// Text of a file in a message: of bounded length, on one line.
enum ShownText {
    /// In characters.
    private static let most = 64

    static func of(_ text: some StringProtocol) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(self.most) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.dropFirst(self.most).isEmpty ? shown : shown + "..."
    }
}
