/// How messages to the operator are put: on one line, and no longer than can be read.
enum Wording {
    /// How many code points of a value or a key a message shows: one character may have any number of them.
    static let longestShown = 60

    /// The text on one line, cut where it is long.
    static func shortened(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(Self.longestShown)
        return Self.onOneLine(String(shown)) + (shown.endIndex == text.endIndex ? "" : "...")
    }

    /// The text with its control characters and line ends escaped.
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

    /// "title, entries"; "none" without names.
    static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.map(Self.shortened).joined(separator: ", ")
    }

    /// The name that `name` was most likely meant to be, within two edits.
    static func nearest(to name: String, among names: [String]) -> String? {
        let name = Array(name)
        var best: (name: String, edits: Int)?
        for candidate in names {
            let characters = Array(candidate)
            guard abs(characters.count - name.count) <= 2 else { continue }
            let edits = Self.edits(name, characters)
            // As many edits as there are characters would make any short name the nearest of any other.
            guard edits <= 2, edits < characters.count, edits < best?.edits ?? .max else { continue }
            best = (candidate, edits)
        }
        return best?.name
    }

    /// How many characters to insert, remove or replace to get from one to the other (Levenshtein).
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
