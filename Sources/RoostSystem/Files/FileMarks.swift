/// The states that files had before they were read, by path: the baseline of whatever watches them. A value.
package struct FileMarks: Sendable, Equatable {
    /// A nil mark: there was no such file.
    private var marks: [String: FileMark?] = [:]

    package init() {}

    /// Notes the state of a file that is about to be read. The first note of a path stays.
    package mutating func note(_ path: String) {
        guard self.marks[path] == nil else { return }
        self.note(path, FileMark(of: path))
    }

    /// Notes a state that was taken before. The first note of a path stays.
    package mutating func note(_ path: String, _ mark: FileMark?) {
        if self.marks[path] == nil { self.marks.updateValue(mark, forKey: path) }
    }

    /// Whether the file was looked at, whatever was found.
    package func isNoted(_ path: String) -> Bool { self.marks[path] != nil }

    /// The state of the file; nil: it did not exist, or was not noted.
    package subscript(path: String) -> FileMark? { self.marks[path] ?? nil }

    /// Adds the notes of others; those that are here stay.
    package mutating func merge(_ other: FileMarks) { self.marks.merge(other.marks) { here, _ in here } }
}
