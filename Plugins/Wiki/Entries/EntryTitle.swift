import ASGI

/// The title of an entry: fit to be shown on a line, and to name a file that stays in its folder.
///
/// Two titles are equal when their keys are: `css` is `CSS`, and é is é however it is composed.
struct EntryTitle: Hashable, Sendable {
    /// The most bytes of UTF-8 in the name of its file without `.md`: Linux takes 255 with it.
    static let longestName = 200

    /// As it is shown: without white space at its ends, and with single spaces in it.
    let text: String
    /// What is compared: the text in lower case, and by canonical equivalence, as any `String`.
    let key: String

    /// Throws `EntryError.invalidTitle` with what is wrong.
    init(_ text: String) throws(EntryError) {
        let text = Self.singleSpaced(text)
        guard !text.unicodeScalars.allSatisfy(Self.isInvisible) else { throw .invalidTitle("a title cannot be empty") }
        // In an address they are a way up, however they are encoded (RFC 3986 §5.2.4).
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

    /// Of a file in the folder; nil when it can be no entry: hidden, not `.md`, or no title that could be asked for.
    ///
    /// Files are dropped in by hand too: what follows a `%` and is no escape stays as it is.
    init?(fileName: String) {
        guard fileName.utf8.first != UInt8(ascii: "."), fileName.utf8.suffix(3).elementsEqual(".md".utf8) else {
            return nil
        }
        let name = String(Substring(fileName.utf8.dropLast(3)))
        // Escapes that make no UTF-8 are none.
        guard let title = try? EntryTitle(name.percentDecoded ?? name) else { return nil }
        self = title
    }

    /// The name that its file is given: `C%2FC++.md`.
    var fileName: String { "\(Self.escaped(self.text)).md" }

    static func == (one: EntryTitle, other: EntryTitle) -> Bool { one.key == other.key }

    func hash(into hasher: inout Hasher) { hasher.combine(self.key) }

    /// The order of lists: by key, then by text; texts that are canonically equivalent by their bytes.
    func precedes(_ other: EntryTitle) -> Bool {
        if self.key != other.key { return self.key < other.key }
        if self.text != other.text { return self.text < other.text }
        return self.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }

    /// Without white space at the ends, and with a space for every run of it.
    static func singleSpaced(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for word in text.unicodeScalars.split(whereSeparator: Self.isSpace) {
            if !result.isEmpty { result.append(" ") }
            result.append(contentsOf: word)
        }
        return String(result)
    }

    /// Tab, line ends and spaces. U+0085, U+2028 and U+2029 are refused instead: nobody types them.
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

    /// Controls, separators of lines, and what turns the direction of the text around it.
    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7e: false
        case 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: scalar.properties.generalCategory == .control
        }
    }

    /// Scalar by scalar: a dot with an accent on it is still a dot to the file system. NUL is no part of a title.
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
