import ASGI

/// The title of an entry. It fits on a line, and gives a file name that stays in the folder.
///
/// Two titles are equal if their keys are: `css` equals `CSS`, and composed é equals decomposed é.
struct EntryTitle: Hashable, Sendable {
    /// Maximum size of a file name without `.md`, in bytes of UTF-8; Linux allows 255 with the suffix.
    static let longestName = 200

    /// The title as shown: without white space at its ends, and with single spaces inside.
    let text: String
    /// The compared form: the text in lower case. `String` compares by canonical equivalence.
    let key: String

    /// Throws `EntryError.invalidTitle` with the reason.
    init(_ text: String) throws(EntryError) {
        let text = Self.singleSpaced(text)
        guard !text.unicodeScalars.allSatisfy(Self.isInvisible) else { throw .invalidTitle("a title cannot be empty") }
        // In a URL these are dot segments, in any encoding (RFC 3986 §5.2.4).
        guard !text.unicodeScalars.allSatisfy({ $0 == "." }) else {
            throw .invalidTitle("a title cannot consist of dots only")
        }
        if let refused = text.unicodeScalars.first(where: Self.isRefused) {
            let digits = String(refused.value, radix: 16, uppercase: true)
            let name = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            throw .invalidTitle("a title cannot contain the control character U+\(name)")
        }
        let count = Self.escaped(text).utf8.count
        guard count <= Self.longestName else {
            throw .invalidTitle(
                "the title is too long: its file name would have \(count) bytes, the limit is \(Self.longestName)"
            )
        }
        self.text = text
        self.key = text.lowercased()
    }

    /// Creates a title from a file name; nil if the file is hidden, does not end in `.md`, or has no valid title.
    ///
    /// Files may be added by hand, so a `%` that does not start an escape stays unchanged.
    init?(fileName: String) {
        guard fileName.utf8.first != UInt8(ascii: "."), fileName.utf8.suffix(3).elementsEqual(".md".utf8) else {
            return nil
        }
        let name = String(Substring(fileName.utf8.dropLast(3)))
        // Escapes that do not decode to UTF-8 are taken literally.
        guard let title = try? EntryTitle(name.percentDecoded ?? name) else { return nil }
        self = title
    }

    /// The name for a new file of this title: `C%2FC++.md`.
    var fileName: String { "\(Self.escaped(self.text)).md" }

    static func == (one: EntryTitle, other: EntryTitle) -> Bool { one.key == other.key }

    func hash(into hasher: inout Hasher) { hasher.combine(self.key) }

    /// The order of lists: by key, then by text; canonically equivalent texts by their bytes.
    func precedes(_ other: EntryTitle) -> Bool {
        if self.key != other.key { return self.key < other.key }
        if self.text != other.text { return self.text < other.text }
        return self.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }

    /// Removes white space at the ends, and replaces every run of it by a single space.
    static func singleSpaced(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for word in text.unicodeScalars.split(whereSeparator: Self.isSpace) {
            if !result.isEmpty { result.append(" ") }
            result.append(contentsOf: word)
        }
        return String(result)
    }

    /// Whether the scalar is a tab, a line end or a space. U+0085, U+2028 and U+2029 are refused instead.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0d, 0x20: true
        case 0x21...0x7f: false
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isDefaultIgnorableCodePoint || Self.isSpace(scalar)
    }

    /// Whether the scalar is a control character, a line separator, or a bidirectional control.
    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7e: false
        case 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: scalar.properties.generalCategory == .control
        }
    }

    /// Escapes a title for a file name, scalar by scalar: a dot with a combining accent is still a dot to the file
    /// system. A title contains no NUL.
    private static func escaped(_ text: String) -> String {
        var name = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "/": name.append(contentsOf: "%2F".unicodeScalars)
            case "%": name.append(contentsOf: "%25".unicodeScalars)
            case "." where name.isEmpty: name.append(contentsOf: "%2E".unicodeScalars)
            default: name.append(scalar)
            }
        }
        return String(name)
    }
}
