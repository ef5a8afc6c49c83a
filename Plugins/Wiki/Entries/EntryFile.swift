/// The file of an entry. Its name may differ from the one that its title would produce.
struct EntryFile: Sendable {
    let name: String
    let title: EntryTitle

    /// The name of the entry's folder in `.history`. Never hidden, and unique to the entry.
    var historyName: String { String(decoding: self.name.utf8.dropLast(3), as: UTF8.self) }
}
