/// An entry as it is now, and the file that says so.
struct CurrentEntry: Sendable {
    let entry: Entry
    let file: EntryFile
    let status: FileStatus
    /// It has its name in the history already: its next version was not written to the end.
    let isSaved: Bool
}
