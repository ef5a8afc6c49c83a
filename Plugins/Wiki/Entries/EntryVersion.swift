/// Identifies the version on which an edit is based: by its number, and by a hash of its text, since files are changed
/// by hand too. Written like `3-85944171f73967e8`.
struct EntryVersion: Hashable, Sendable, CustomStringConvertible {
    private let number: Int
    private let hash: TextHash

    init(number: Int, text: String) {
        self.number = number
        self.hash = TextHash(of: text)
    }

    /// Nil if the text does not have this form.
    init?(_ text: String) {
        let parts = text.split(separator: "-", maxSplits: 1).map(String.init)
        guard parts.count == 2, let number = Int(parts[0]), let hash = TextHash(parts[1]) else { return nil }
        self.number = number
        self.hash = hash
    }

    var description: String { "\(self.number)-\(self.hash)" }
}
