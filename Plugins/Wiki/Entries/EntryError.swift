import Glibc

/// Why an entry could not be read or written.
enum EntryError: Error, Hashable, CustomStringConvertible {
    /// With what is wrong with it.
    case invalidTitle(String)
    /// With the title that is there.
    case exists(EntryTitle)
    case missing(EntryTitle)
    case noVersion(EntryTitle, Int)
    /// The text was changed since the base of an edit: this is what it is now.
    case conflict(current: Entry)
    /// In bytes of UTF-8.
    case tooLarge(limit: Int)
    /// It is no UTF-8, or has a NUL in it.
    case notText
    /// With the operation, the path and what the system said.
    case failed(String)
    /// Others are writing, for too long.
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

    /// Of a call that has just failed: `rename /a/b: No space left on device`.
    static func system(_ operation: String, _ path: String, _ code: CInt = errno) -> EntryError {
        .failed("\(operation) \(path): \(String(cString: strerror(code)))")
    }
}
