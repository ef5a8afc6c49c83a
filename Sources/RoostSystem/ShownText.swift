/// Text from a file, for a message: of bounded length, on one line.
package enum ShownText {
    /// `most`: the maximum length, in Unicode scalars.
    package static func of(_ text: some StringProtocol, most: Int = 64) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(most) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.dropFirst(most).isEmpty ? shown : shown + "..."
    }
}
