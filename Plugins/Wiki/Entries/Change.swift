/// A line of a history: a version of an entry that was written.
struct Change: Hashable, Sendable {
    let title: EntryTitle
    /// The number of the version, from 1.
    let number: Int
    /// When the text was written, in seconds since 1970.
    let time: Int
    /// Whether this is the current version of the entry.
    let isCurrent: Bool
}
