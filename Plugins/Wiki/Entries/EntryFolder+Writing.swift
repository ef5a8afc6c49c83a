import Glibc

extension EntryFolder {
    /// Creates an entry. Throws `.exists` with the entry that has the same key, `.tooLarge`, `.notText`, `.failed`.
    func create(_ title: EntryTitle, _ text: String) throws(EntryError) -> Entry {
        let text = try EntryText.checked(text, largest: self.largest)
        let lock = try FolderLock(self.path)
        defer { lock.release() }
        if let there = try self.file(of: title) { throw .exists(there.title) }
        let file = EntryFile(name: title.fileName, title: title)
        // The history of an entry whose file was removed by hand continues.
        let number = (try self.savedNumbers(file).last ?? 0) + 1
        let new = try NewFile(text, in: self.path)
        defer { new.discard() }
        guard link(new.path, self.path(of: file)) == 0 else {
            let code = errno
            // A file of this name was created by hand meanwhile. A folder or a FIFO of this name is not an entry.
            if code == EEXIST, FileStatus(self.path(of: file))?.isRegular == true { throw .exists(title) }
            throw .system("create", self.path(of: file), code)
        }
        try Folder.sync(self.path)
        return Entry(title: title, text: text, number: number, time: new.status.seconds)
    }

    /// Writes a new version unless the text is unchanged. Throws `.conflict` if the current version is not `base`,
    /// `.missing`, `.tooLarge`, `.notText`, `.failed`.
    func edit(_ title: EntryTitle, _ text: String, base: EntryVersion) throws(EntryError) -> Entry {
        let text = try EntryText.checked(text, largest: self.largest)
        let lock = try FolderLock(self.path)
        defer { lock.release() }
        let current = try self.current(self.existingFile(of: title), expecting: base)
        return try self.replace(current, with: text)
    }

    /// Writes the text of an older version as a new version. Throws the errors of `edit`, and `.noVersion`.
    func restore(_ title: EntryTitle, _ number: Int, base: EntryVersion) throws(EntryError) -> Entry {
        let lock = try FolderLock(self.path)
        defer { lock.release() }
        let current = try self.current(self.existingFile(of: title), expecting: base)
        guard number != current.entry.number else { return current.entry }
        guard let saved = try self.saved(current.file, number) else { throw .noVersion(current.file.title, number) }
        return try self.replace(current, with: EntryText.checked(saved.text, largest: self.largest))
    }

    private func current(_ file: EntryFile, expecting base: EntryVersion) throws(EntryError) -> CurrentEntry {
        let current = try self.current(file)
        guard current.entry.version == base else { throw .conflict(current: current.entry) }
        return current
    }

    /// Replaces a text; all writes of new versions use this. If the process is killed at any moment, either the old or
    /// the new text is current. The old text may already have a name in the history, which the next edit uses.
    private func replace(_ current: CurrentEntry, with text: String) throws(EntryError) -> Entry {
        guard !EntryText.isSame(text, current.entry.text) else { return current.entry }
        let new = try NewFile(text, in: self.path)
        defer { new.discard() }
        try self.save(current)
        try self.rename(new, to: current.file)
        return Entry(
            title: current.file.title, text: text, number: current.entry.number + 1, time: new.status.seconds
        )
    }

    /// Links the current file into the history, and syncs the link before the file is replaced.
    private func save(_ current: CurrentEntry) throws(EntryError) {
        let file = current.file
        let history = self.historyPath(file)
        try Folder.make(history)
        if !current.isSaved {
            let saved = self.savedPath(file, current.entry.number)
            // A hard link to a symbolic link would not keep the text, since its target can change.
            if FileStatus(self.path(of: file), followingLinks: false)?.isLink == true { try self.adopt(current) }
            if link(self.path(of: file), saved) != 0 {
                // EPERM: the file belongs to another user (fs.protected_hardlinks). EMLINK: it has too many links.
                guard errno == EPERM || errno == EMLINK else { throw .system("link", saved) }
                try self.adopt(current)
                guard link(self.path(of: file), saved) == 0 else { throw .system("link", saved) }
            }
        }
        try Folder.sync(history)
    }

    /// Replaces a file that cannot be linked into the history by an own file with the same text and time.
    private func adopt(_ current: CurrentEntry) throws(EntryError) {
        let new = try NewFile(current.entry.text, in: self.path, nanoseconds: current.status.nanoseconds)
        defer { new.discard() }
        try self.rename(new, to: current.file)
    }

    private func rename(_ new: NewFile, to file: EntryFile) throws(EntryError) {
        guard Glibc.rename(new.path, self.path(of: file)) == 0 else { throw .system("rename", self.path(of: file)) }
        try Folder.sync(self.path)
    }
}
