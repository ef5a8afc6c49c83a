/// The current version of an entry, and its file.
struct CurrentEntry: Sendable {
    let entry: Entry
    let file: EntryFile
    let status: FileStatus
    /// Whether the current file already has a name in the history, since writing the next version was interrupted.
    let isSaved: Bool
}
