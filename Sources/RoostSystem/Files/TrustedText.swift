import Glibc

/// The text of a file that must be trusted as a library is.
package enum TrustedText {
    package enum Fault: Error, Equatable {
        /// `errno`.
        case unreadable(CInt)
        case folder
        /// Neither a regular file nor a folder.
        case special
        /// The reason, with the file.
        case untrusted(String)
        case tooLarge(mebibytes: Int)
        case notUTF8
        /// A secret that every user may read.
        case exposed

        /// A line for the operator, which begins with the name of the file. `hint`: what to do, to be appended.
        package func message(named name: String, hint: (Fault) -> String = { _ in "" }) -> String {
            switch self {
            case .untrusted(let reason): reason
            case .unreadable(let code): "\(name): cannot be read: \(String(cString: strerror(code)))\(hint(self))"
            case .folder: "\(name): is a folder\(hint(self))"
            case .special: "\(name): is not a regular file\(hint(self))"
            case .tooLarge(let mebibytes): "\(name): is larger than \(mebibytes) MiB\(hint(self))"
            case .notUTF8: "\(name): is not UTF-8\(hint(self))"
            case .exposed: "\(name): every user may read this secret; run chmod o= on it\(hint(self))"
            }
        }
    }

    /// Reads a file of at most `largest` bytes. `isSecret`: refuses a file that every user may read.
    package static func read(
        _ path: String, largest: Int, trust: FileTrust, isSecret: Bool = false
    ) throws(Fault) -> String {
        // Without blocking, since it may be a FIFO.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { throw .unreadable(errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw status.st_mode & S_IFMT == S_IFDIR ? .folder : .special
        }
        if let reason = trust.fault(of: status, path: path) { throw .untrusted(reason) }
        if isSecret, status.st_mode & S_IROTH != 0 { throw .exposed }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(errno) }
            guard count > 0 else { break }
            bytes.append(contentsOf: part[..<count])
            guard bytes.count <= largest else { throw .tooLarge(mebibytes: largest >> 20) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return text
    }
}
