/// The states of files before they were read, by path: the baseline for watching them. A value type.
package struct FileMarks: Sendable, Equatable {
    /// A nil mark: the file did not exist.
    private var marks: [String: FileMark?] = [:]

    package init() {}

    /// Records the state of a file that is about to be read. The first record of a path is kept.
    package mutating func note(_ path: String) {
        guard self.marks[path] == nil else { return }
        self.note(path, FileMark(of: path))
    }

    /// Records a state that was taken earlier. The first record of a path is kept.
    package mutating func note(_ path: String, _ mark: FileMark?) {
        if self.marks[path] == nil { self.marks.updateValue(mark, forKey: path) }
    }

    /// Whether the state of the path was recorded, even if the file did not exist.
    package func isNoted(_ path: String) -> Bool { self.marks[path] != nil }

    /// The recorded state of the file; nil if it did not exist or was not recorded.
    package subscript(path: String) -> FileMark? { self.marks[path] ?? nil }

    /// Adds the records of `other`; existing records are kept.
    package mutating func merge(_ other: FileMarks) { self.marks.merge(other.marks) { here, _ in here } }
}
