import Glibc

/// A folder of entries: a Markdown file for each, which may be dropped in by hand, and their histories in `.history`.
///
/// Every function blocks, and may be called from any thread, and from several processes at once. Writing is under a
/// lock; reading takes none, and sees the text before an edit or after it.
struct EntryFolder: Sendable {
    /// How often a reader looks again when the entry was edited while it looked; then it waits for the lock.
    private static let looks = 8

    let path: String
    /// The most bytes that a text may have.
    let largest: Int
    /// It was not there before.
    let wasCreated: Bool
    /// Nothing is written to it otherwise, not even a lock.
    private let mayWrite: Bool

    /// The most bytes that are read: a file dropped in by hand may be a little larger than a text that is written.
    var largestRead: Int { self.largest + 4096 }

    /// Makes the folder where it is missing, and removes what writers left that were killed; one that may not be written to
    /// has to be there. Throws `EntryError.failed`, `.busy`.
    init(path: String, largest: Int, mayWrite: Bool = true) throws(EntryError) {
        var path = path
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.unicodeScalars.removeLast() }
        self.path = path
        self.largest = largest
        self.mayWrite = mayWrite
        guard mayWrite else {
            self.wasCreated = false
            guard try Folder.members(path) != nil else { throw .system("open", path, ENOENT) }
            return
        }
        self.wasCreated = try Folder.make(path)
        let lock = try FolderLock(path)
        defer { lock.release() }
        for member in try Folder.members(path) ?? [] where member.name.utf8.starts(with: NewFile.prefix.utf8) {
            let stale = "\(path)/\(member.name)"
            guard unlink(stale) == 0 || errno == ENOENT || errno == EISDIR else { throw .system("remove", stale) }
        }
    }

    /// All entries, by key and then by text. Throws `EntryError.failed`.
    func titles() throws(EntryError) -> [EntryTitle] {
        var titles: [EntryTitle] = []
        for title in try self.files().map(\.title).sorted(by: { $0.precedes($1) }) {
            // Two names dropped in by hand may say the same, as `a b.md` and `a  b.md` do.
            if let last = titles.last, last.text.utf8.elementsEqual(title.text.utf8) { continue }
            titles.append(title)
        }
        return titles
    }

    /// The entry of this title as it is now, in whatever case it is asked for. Throws `.missing`, `.notText`,
    /// `.failed`.
    func entry(_ title: EntryTitle) throws(EntryError) -> Entry { try self.read(self.existingFile(of: title)) }

    /// The title that is this text, and the other titles that have it in them, in the order of `titles`: in any case
    /// and width. None for a text without anything but white space. Throws `EntryError.failed`.
    func search(_ text: String) throws(EntryError) -> (exact: EntryTitle?, partial: [EntryTitle]) {
        let wanted = SearchText(text)
        guard !wanted.isEmpty else { return (nil, []) }
        let found = try self.titles().map { ($0, SearchText($0.text)) }.filter { $0.1.contains(wanted) }
        let plain = EntryTitle.singleSpaced(text)
        let equal = found.filter { $0.1 == wanted }.map(\.0)
        let exact =
            equal.first { $0.text.utf8.elementsEqual(plain.utf8) } ?? equal.first { $0.key == plain.lowercased() }
            ?? equal.first
        // Not by `==`, for which titles in another case are one.
        return (exact, found.map(\.0).filter { !$0.text.utf8.elementsEqual(exact?.text.utf8 ?? "".utf8) })
    }

    /// The file of an entry: the one that is named so, else the first whose title has the same key; nil: none.
    func file(of title: EntryTitle) throws(EntryError) -> EntryFile? {
        let named = EntryFile(name: title.fileName, title: title)
        if FileStatus(self.path(of: named))?.isRegular == true { return named }
        return try self.files().filter { $0.title == title }.min {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
    }

    /// As `file(of:)`. Throws `.missing` too.
    func existingFile(of title: EntryTitle) throws(EntryError) -> EntryFile {
        guard let file = try self.file(of: title) else { throw .missing(title) }
        return file
    }

    func path(of file: EntryFile) -> String { "\(self.path)/\(file.name)" }

    /// Every file that is an entry, in no order. Looks only at those that the list does not tell the kind of.
    func files() throws(EntryError) -> [EntryFile] {
        guard let members = try Folder.members(self.path) else { throw .system("open", self.path, ENOENT) }
        return members.compactMap { member in
            guard member.isRegular != false, let title = EntryTitle(fileName: member.name) else { return nil }
            let file = EntryFile(name: member.name, title: title)
            guard member.isRegular == true || FileStatus(self.path(of: file))?.isRegular == true else { return nil }
            return file
        }
    }

    /// What the file says now. Not for who holds the lock.
    func read(_ file: EntryFile) throws(EntryError) -> Entry {
        try self.whileSame(file) { () throws(EntryError) -> Entry in try self.current(file).entry }
    }

    /// What `look` sees while the file is not replaced: a text and a history that belong together. Not for who holds
    /// the lock.
    func whileSame<Seen>(
        _ file: EntryFile, _ look: () throws(EntryError) -> Seen
    ) throws(EntryError) -> Seen {
        for _ in 0..<Self.looks {
            let before = FileStatus(self.path(of: file))
            let seen = try look()
            if before?.isSameFile(as: FileStatus(self.path(of: file))) == true { return seen }
        }
        guard self.mayWrite else { return try look() }
        let lock = try FolderLock(self.path)
        defer { lock.release() }
        return try look()
    }
}
