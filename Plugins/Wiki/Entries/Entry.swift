/// A version of an entry: its text, and which of how many it is.
struct Entry: Hashable, Sendable {
    /// As the file is named, whatever case it was asked for in.
    let title: EntryTitle
    let text: String
    let version: EntryVersion
    /// From 1. Of the newest version: how many there are.
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
