import Glibc

/// Why an entry could not be read or written.
enum EntryError: Error, Hashable, CustomStringConvertible {
    /// The reason why the title is invalid.
    case invalidTitle(String)
    /// The title of the existing entry.
    case exists(EntryTitle)
    case missing(EntryTitle)
    case noVersion(EntryTitle, Int)
    /// The text has changed since the base version of an edit; carries the current entry.
    case conflict(current: Entry)
    /// The limit, in bytes of UTF-8.
    case tooLarge(limit: Int)
    /// The text is not UTF-8, or contains a NUL.
    case notText
    /// The operation, the path and the system's error message.
    case failed(String)
    /// The lock was not free in time.
    case busy

    var description: String {
        switch self {
        case .invalidTitle(let reason): reason
        case .exists(let title): "the entry “\(title.text)” already exists"
        case .missing(let title): "the entry “\(title.text)” does not exist"
        case .noVersion(let title, let number): "version \(number) of “\(title.text)” does not exist"
        case .conflict(let current):
            "“\(current.title.text)” was changed in the meantime: version \(current.number) is \(current.version)"
        case .tooLarge(let limit): "the text exceeds \(limit) bytes"
        case .notText: "the text is not UTF-8, or contains NUL"
        case .failed(let reason): reason
        case .busy: "too many concurrent writes; try again later"
        }
    }

    /// Describes a failed system call: `rename /a/b: No space left on device`.
    static func system(_ operation: String, _ path: String, _ code: CInt = errno) -> EntryError {
        .failed("\(operation) \(path): \(String(cString: strerror(code)))")
    }
}
