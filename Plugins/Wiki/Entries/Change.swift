/// A line of a history: that a version of an entry was written.
struct Change: Hashable, Sendable {
    let title: EntryTitle
    /// The version's, from 1.
    let number: Int
    /// When the text was written, in seconds since 1970.
    let time: Int
    /// It is the text that the entry has now.
    let isCurrent: Bool
}
