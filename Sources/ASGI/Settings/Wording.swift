/// Formats messages to the operator: on one line, and with a limited length.
enum Wording {
    /// Maximum number of code points of a value or key in a message. Not characters: one may have many code points.
    static let longestShown = 60

    /// Returns the text on one line, truncated if it is long.
    static func shortened(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(Self.longestShown)
        return Self.onOneLine(String(shown)) + (shown.endIndex == text.endIndex ? "" : "...")
    }

    /// Returns the text with its control characters and line separators escaped.
    static func onOneLine(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// Returns "title, entries"; or "none" without names.
    static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.map(Self.shortened).joined(separator: ", ")
    }

    /// Returns the most similar name, within two edits; nil if there is none.
    static func nearest(to name: String, among names: [String]) -> String? {
        let name = Array(name)
        var best: (name: String, edits: Int)?
        for candidate in names {
            let characters = Array(candidate)
            guard abs(characters.count - name.count) <= 2 else { continue }
            let edits = Self.edits(name, characters)
            // With as many edits as characters, any short name would be similar to any other.
            guard edits <= 2, edits < characters.count, edits < best?.edits ?? .max else { continue }
            best = (candidate, edits)
        }
        return best?.name
    }

    /// Returns the number of characters to insert, remove or replace to turn one text into the other (Levenshtein).
    private static func edits(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (line, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in right.indices {
                let replaced = diagonal + (right[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
