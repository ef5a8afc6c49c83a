/// The file of an entry, named as it is in the folder: not always as its title would name it.
struct EntryFile: Sendable {
    let name: String
    let title: EntryTitle

    /// Where its history is, in `.history`: never hidden, and never another's.
    var historyName: String { String(decoding: self.name.utf8.dropLast(3), as: UTF8.self) }
}
