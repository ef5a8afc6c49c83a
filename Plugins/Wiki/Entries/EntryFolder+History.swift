/// The earlier versions: `.history/<name>/000001.md`. Each is the file that was the current one.
extension EntryFolder {
    /// Returns all versions of an entry, newest first. Throws `.missing`, `.failed`.
    func history(_ title: EntryTitle) throws(EntryError) -> [Change] {
        let file = try self.existingFile(of: title)
        guard let changes = try self.changes(file, most: .max) else { throw .missing(title) }
        return changes.map(\.change)
    }

    /// Returns a version of an entry. Throws `.missing`, `.noVersion`, `.notText`, `.failed`.
    func version(_ title: EntryTitle, _ number: Int) throws(EntryError) -> Entry {
        let file = try self.existingFile(of: title)
        if let saved = try self.saved(file, number) { return saved }
        let current = try self.read(file)
        if current.number == number { return current }
        // It may have moved to the history since the first look-up.
        if let saved = try self.saved(file, number) { return saved }
        throw .noVersion(file.title, number)
    }

    /// Returns the newest changes of all entries, newest first.
    ///
    /// Checks every file, and the last `limit` versions of the `limit` newest entries. A version with a higher number
    /// but an older time is possible only if someone has set the file's time by hand.
    func changes(limit: Int) throws(EntryError) -> [Change] {
        guard limit > 0 else { return [] }
        let newest = try self.files()
            .compactMap { file in FileStatus(self.path(of: file)).map { (file: file, time: $0.nanoseconds) } }
            .sorted { $0.time > $1.time }
            .prefix(limit)
        var found: [TimedChange] = []
        // Nil if the file was removed meanwhile.
        for (file, _) in newest { found += try self.changes(file, most: limit) ?? [] }
        return found.sorted { $0.precedes($1) }.prefix(limit).map(\.change)
    }

    /// A change with its time in nanoseconds, for sorting.
    private struct TimedChange {
        let change: Change
        let nanoseconds: Int

        /// Orders newest first. File times are coarse: if they are equal, the higher number is newer.
        func precedes(_ other: TimedChange) -> Bool {
            if self.nanoseconds != other.nanoseconds { return self.nanoseconds > other.nanoseconds }
            if self.change.number != other.change.number { return self.change.number > other.change.number }
            return self.change.title.precedes(other.change.title)
        }
    }

    /// Returns the newest versions of an entry, newest first; nil if there is no such file.
    private func changes(_ file: EntryFile, most: Int) throws(EntryError) -> [TimedChange]? {
        try self.whileSame(file) { () throws(EntryError) -> [TimedChange]? in
            guard let status = FileStatus(self.path(of: file)), status.isRegular else { return nil }
            let numbers = try self.savedNumbers(file)
            let (number, isSaved) = self.number(of: status, file, numbers)
            func change(_ number: Int, _ status: FileStatus, isCurrent: Bool) -> TimedChange {
                TimedChange(
                    change: Change(title: file.title, number: number, time: status.seconds, isCurrent: isCurrent),
                    nanoseconds: status.nanoseconds
                )
            }
            let older = (isSaved ? numbers.dropLast() : numbers[...]).suffix(most - 1).reversed()
            return [change(number, status, isCurrent: true)]
                + older.compactMap { number in
                    guard let status = FileStatus(self.savedPath(file, number)), status.isRegular else { return nil }
                    return change(number, status, isCurrent: false)
                }
        }
    }

    /// Returns the current version. The caller must hold the lock or use `whileSame`. Throws `.missing`, `.notText`,
    /// `.failed`.
    func current(_ file: EntryFile) throws(EntryError) -> CurrentEntry {
        guard let found = try TextFile.read(self.path(of: file), most: self.largestRead) else {
            throw .missing(file.title)
        }
        let (number, isSaved) = self.number(of: found.status, file, try self.savedNumbers(file))
        let entry = Entry(title: file.title, text: found.text, number: number, time: found.status.seconds)
        return CurrentEntry(entry: entry, file: file, status: found.status, isSaved: isSaved)
    }

    /// Returns the number of the current file. If the newest file of the history is the same file, a writer has linked
    /// it and has not replaced it yet, or was killed in between. Both names then count as one version.
    private func number(
        of status: FileStatus, _ file: EntryFile, _ numbers: [Int]
    ) -> (number: Int, isSaved: Bool) {
        guard let newest = numbers.last else { return (1, false) }
        let isSaved = status.isSameFile(as: FileStatus(self.savedPath(file, newest)))
        return (isSaved ? newest : newest + 1, isSaved)
    }

    /// Returns a version of the history; nil if there is none with this number.
    func saved(_ file: EntryFile, _ number: Int) throws(EntryError) -> Entry? {
        guard number > 0, let found = try TextFile.read(self.savedPath(file, number), most: self.largestRead) else {
            return nil
        }
        return Entry(title: file.title, text: found.text, number: number, time: found.status.seconds)
    }

    /// Returns the numbers of the versions in the history, newest last.
    func savedNumbers(_ file: EntryFile) throws(EntryError) -> [Int] {
        let members = try Folder.members(self.historyPath(file)) ?? []
        return members.compactMap { Self.number(savedName: $0.name) }.sorted()
    }

    func historyPath(_ file: EntryFile) -> String { "\(self.path)/.history/\(file.historyName)" }

    func savedPath(_ file: EntryFile, _ number: Int) -> String {
        "\(self.historyPath(file))/\(Self.savedName(number))"
    }

    private static func savedName(_ number: Int) -> String {
        let digits = String(number)
        return "\(String(repeating: "0", count: max(0, 6 - digits.utf8.count)))\(digits).md"
    }

    /// Returns the number in the name of a history file; nil unless the name is what `savedName` returns for the
    /// number.
    private static func number(savedName name: String) -> Int? {
        let digits = name.utf8.dropLast(3)
        guard digits.count >= 6, digits.count == 6 || digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            name.utf8.suffix(3).elementsEqual(".md".utf8), let number = Int(Substring(digits)), number > 0
        else { return nil }
        return number
    }
}
