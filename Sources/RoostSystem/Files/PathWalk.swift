import Glibc

/// Walks a path from the root as the kernel resolves it: through each folder and link, to the file.
struct PathWalk {
    struct Step {
        /// Absolute; only its last component may be a link.
        let path: String
        let status: stat
        /// Whether the path ends here. The last step is never a link.
        let isLast: Bool
    }

    struct Fault: Error { let message: String }

    /// The resolved path so far; empty for the root.
    private var reached = ""
    private var parts: [Substring]
    private var links = 0
    private var hasBegun = false
    /// The kernel's limit (path_resolution(7)).
    private static let maxLinks = 40

    init(_ path: String) {
        let isAbsolute = path.hasPrefix("/")
        self.parts = (isAbsolute ? [] : Self.parts(WorkingFolder.current)) + Self.parts(path)
    }

    private static func parts(_ path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "." } }

    /// The next step. Must not be called after the last step or a failure.
    mutating func next() -> Result<Step, Fault> {
        guard self.hasBegun else {
            self.hasBegun = true
            return self.step("/")
        }
        // The last link led to a folder that was already visited.
        guard !self.parts.isEmpty else { return self.step(self.reached.isEmpty ? "/" : self.reached) }
        let part = self.parts.removeFirst()
        guard part != ".." else {
            // The parent was already visited on the way down.
            self.reached = String(self.reached[..<(self.reached.lastIndex(of: "/") ?? self.reached.startIndex)])
            return self.step(self.reached.isEmpty ? "/" : self.reached)
        }
        let path = "\(self.reached)/\(part)"
        let result = self.step(path)
        guard case .success(let step) = result else { return result }
        guard step.status.st_mode & S_IFMT == S_IFLNK else {
            self.reached = path
            return result
        }
        return self.follow(step)
    }

    private mutating func follow(_ step: Step) -> Result<Step, Fault> {
        self.links += 1
        guard self.links <= Self.maxLinks else { return .failure(Fault(message: "too many symbolic links")) }
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(step.path, &bytes, bytes.count)
        guard count > 0 else { return .failure(Self.error("\(step.path) cannot be read")) }
        let target = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if target.hasPrefix("/") { self.reached = "" }
        self.parts = Self.parts(target) + self.parts
        return .success(Step(path: step.path, status: step.status, isLast: false))
    }

    private func step(_ path: String) -> Result<Step, Fault> {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .failure(Self.error("\(path) cannot be examined")) }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        return .success(Step(path: path, status: status, isLast: self.parts.isEmpty && !isLink))
    }

    private static func error(_ what: String) -> Fault {
        Fault(message: "\(what): \(String(cString: strerror(errno)))")
    }
}
