import Glibc

/// A folder of entries: a Markdown file for each, which may be added by hand, and their histories in `.history`.
///
/// Every function blocks. Functions may be called from any thread, and from several processes at once. Writers take a
/// lock; readers take none, and see the text before or after an edit.
struct EntryFolder: Sendable {
    /// How often a reader tries again if the entry was edited while it was reading; then the reader takes the lock.
    private static let looks = 8

    let path: String
    /// Maximum size of a text, in bytes.
    let largest: Int
    /// Whether this instance created the folder.
    let wasCreated: Bool
    /// Whether the folder may be written to; if not, no lock is created either.
    private let mayWrite: Bool

    /// Maximum size of a file that is read, in bytes. A file added by hand may be a little larger than a written text.
    var largestRead: Int { self.largest + 4096 }

    /// Creates the folder if it is missing, and removes the temporary files of killed writers. Without `mayWrite`, the
    /// folder must exist. Throws `EntryError.failed`, `.busy`.
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

    /// Returns the titles of all entries, sorted by key and then by text. Throws `EntryError.failed`.
    func titles() throws(EntryError) -> [EntryTitle] {
        var titles: [EntryTitle] = []
        for title in try self.files().map(\.title).sorted(by: { $0.precedes($1) }) {
            // Two file names added by hand may give the same title, such as `a b.md` and `a  b.md`.
            if let last = titles.last, last.text.utf8.elementsEqual(title.text.utf8) { continue }
            titles.append(title)
        }
        return titles
    }

    /// Returns the current version of an entry, regardless of the title's case. Throws `.missing`, `.notText`,
    /// `.failed`.
    func entry(_ title: EntryTitle) throws(EntryError) -> Entry { try self.read(self.existingFile(of: title)) }

    /// Returns the title that equals the text, and the other titles that contain it, in the order of `titles`. Ignores
    /// case and width. Returns nothing for a text of white space only. Throws `EntryError.failed`.
    func search(_ text: String) throws(EntryError) -> (exact: EntryTitle?, partial: [EntryTitle]) {
        let wanted = SearchText(text)
        guard !wanted.isEmpty else { return (nil, []) }
        let found = try self.titles().map { ($0, SearchText($0.text)) }.filter { $0.1.contains(wanted) }
        let plain = EntryTitle.singleSpaced(text)
        let equal = found.filter { $0.1 == wanted }.map(\.0)
        let exact =
            equal.first { $0.text.utf8.elementsEqual(plain.utf8) } ?? equal.first { $0.key == plain.lowercased() }
            ?? equal.first
        // `==` would treat titles that differ in case as equal.
        return (exact, found.map(\.0).filter { !$0.text.utf8.elementsEqual(exact?.text.utf8 ?? "".utf8) })
    }

    /// Returns the file of an entry: the one with the title's file name, else the first whose title has the same key;
    /// nil if there is none.
    func file(of title: EntryTitle) throws(EntryError) -> EntryFile? {
        let named = EntryFile(name: title.fileName, title: title)
        if FileStatus(self.path(of: named))?.isRegular == true { return named }
        return try self.files().filter { $0.title == title }.min {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
    }

    /// Returns the file of an entry, like `file(of:)`. Also throws `.missing`.
    func existingFile(of title: EntryTitle) throws(EntryError) -> EntryFile {
        guard let file = try self.file(of: title) else { throw .missing(title) }
        return file
    }

    func path(of file: EntryFile) -> String { "\(self.path)/\(file.name)" }

    /// Returns the files of all entries, unordered. Calls `stat` only where the directory listing does not give the
    /// file type.
    func files() throws(EntryError) -> [EntryFile] {
        guard let members = try Folder.members(self.path) else { throw .system("open", self.path, ENOENT) }
        return members.compactMap { member in
            guard member.isRegular != false, let title = EntryTitle(fileName: member.name) else { return nil }
            let file = EntryFile(name: member.name, title: title)
            guard member.isRegular == true || FileStatus(self.path(of: file))?.isRegular == true else { return nil }
            return file
        }
    }

    /// Returns the current version. The caller must not hold the lock.
    func read(_ file: EntryFile) throws(EntryError) -> Entry {
        try self.whileSame(file) { () throws(EntryError) -> Entry in try self.current(file).entry }
    }

    /// Returns the result of `look`, run while the file is not replaced, so that text and history are consistent. The
    /// caller must not hold the lock.
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
