/// A version of an entry: its text and its number.
struct Entry: Hashable, Sendable {
    /// The title as in the name of the file, regardless of the case of the request.
    let title: EntryTitle
    let text: String
    let version: EntryVersion
    /// The version number, from 1; for the newest version, the number of versions.
    let number: Int
    /// When the text was written, in seconds since 1970.
    let time: Int

    init(title: EntryTitle, text: String, number: Int, time: Int) {
        self.title = title
        self.text = text
        self.version = EntryVersion(number: number, text: text)
        self.number = number
        self.time = time
    }
}
