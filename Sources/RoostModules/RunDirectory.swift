import Glibc
package import RoostSystem
import Synchronization

/// The folder of one start of the server, below the run directory; holds the copies of modules.
///
/// `init` checks that it belongs to the host's user, that others cannot write to it, and that files in it can be
/// executed.
package final class RunDirectory: Sendable {
    /// The path `<run dir>/<boot>`, unique to this start.
    package let boot: String
    /// The descriptor of the lock file, locked until `remove`; -1 if closed. A later start removes only folders whose
    /// lock file is not locked.
    private let lock = Atomic<CInt>(-1)
    private let numbers = Counter()
    /// The mode of the folders. If workers run as another user, other users may pass through to copies whose names they
    /// know.
    private let mode: mode_t

    /// Returns the default run directories in order: the runtime folders of the system (for root) and the user, the
    /// user's cache folders, and a folder in `/tmp`.
    package static func defaultPaths() -> [String] {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        var paths: [String] = []
        if geteuid() == 0 { paths.append("/run/roost") }
        if let runtime = variable("XDG_RUNTIME_DIR") { paths.append("\(runtime)/roost") }
        if let cache = variable("XDG_CACHE_HOME") { paths.append("\(cache)/roost") }
        if let home = variable("HOME") { paths.append("\(home)/.cache/roost") }
        paths.append("/tmp/roost-\(geteuid())")
        return paths
    }

    /// Creates the folder of this start in the run directory `path`, or in the first usable default if `path` is nil.
    /// `isShared`: workers run as another user. Throws `HostError` if no directory is usable.
    package static func make(
        _ path: String?, isShared: Bool = false, trust: FileTrust = FileTrust()
    ) throws -> RunDirectory {
        if let path { return try RunDirectory(path, isShared: isShared, trust: trust) }
        var faults: [String] = []
        for path in Self.defaultPaths() {
            do { return try RunDirectory(path, isShared: isShared, trust: trust) } catch let error as HostError {
                faults.append(error.message)
            }
        }
        throw HostError(
            code: .runDirectory,
            message: "no usable run directory; name one with --run-dir: \(faults.joined(separator: "; "))"
        )
    }

    package init(_ path: String, isShared: Bool = false, trust: FileTrust = FileTrust()) throws {
        self.mode = isShared ? 0o711 : 0o700
        try Self.makeFolder(path, trust)
        if isShared, chmod(path, self.mode) != 0 { throw Self.error(path, "cannot be made accessible to workers") }
        Self.removeDeadStarts(in: path)
        let boot = "\(path)/\(getpid())-\(Self.moment())"
        self.boot = boot
        try Self.make(folder: boot, self.mode)
        do {
            let lock = open("\(boot)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            self.lock.store(lock, ordering: .relaxed)
            guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
                throw Self.error("\(boot)/lock", "cannot be locked")
            }
            try Self.proveExecutable(boot)
        } catch {
            self.remove()
            throw error
        }
    }

    /// Creates a folder for one load, at a path never used before. Throws `HostError`.
    func makeLoadFolder(_ hash: ContentHash) throws -> String {
        let folder = "\(self.boot)/\(self.numbers.next())-\(hash)"
        try self.make(folder: folder)
        return folder
    }

    /// Creates a folder inside this one if it is missing. Throws `HostError`.
    package func make(folder: String) throws { try Self.make(folder: folder, self.mode) }

    private static func make(folder: String, _ mode: mode_t) throws {
        // The umask may have removed bits from the mode.
        guard mkdir(folder, mode) == 0 || errno == EEXIST, chmod(folder, mode) == 0 else {
            throw self.error(folder, "cannot be created")
        }
    }

    /// Removes the load folders that contain none of these paths: no process maps their files any more. Must not be
    /// called while a load is prepared.
    package func removeLoadFolders(but paths: [String]) {
        let kept = Set(paths.map { $0.dropFirst(self.boot.count + 1).prefix { $0 != "/" } })
        for name in FolderList.names(in: self.boot) where name.first?.isNumber == true && !kept.contains(name[...]) {
            Self.removeTree("\(self.boot)/\(name)")
        }
    }

    /// Removes the folder of this start, and releases its lock.
    package func remove() {
        Self.removeTree(self.boot)
        let lock = self.lock.exchange(-1, ordering: .relaxed)
        if lock >= 0 { close(lock) }
    }

    private static func error(_ path: String, _ message: String) -> HostError {
        HostError(
            code: .runDirectory,
            message:
                "run directory: \(path) \(message): \(String(cString: strerror(errno))); name another with --run-dir"
        )
    }

    /// Creates the run directory if it is missing. Refuses a folder of another user, and one that others can write to.
    ///
    /// The folders above it must pass the trust check: a user who can replace one of them can replace the code that
    /// runs from here.
    private static func makeFolder(_ path: String, _ trust: FileTrust) throws {
        guard path.hasPrefix("/") else {
            throw HostError(
                code: .runDirectory, message: "run directory: '\(path)' is not absolute; name a path that starts with /"
            )
        }
        var made = ""
        for part in path.split(separator: "/") {
            if let fault = trust.fault(ofFolder: made.isEmpty ? "/" : made) {
                throw HostError(
                    code: .runDirectory,
                    message: "run directory: \(path) cannot be used: \(fault); or name another with --run-dir")
            }
            made += "/\(part)"
            if mkdir(made, 0o700) != 0, errno != EEXIST { throw Self.error(made, "cannot be created") }
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Self.error(path, "cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw HostError(
                code: .runDirectory, message: "run directory: \(path) is not a folder; name another with --run-dir")
        }
        guard status.st_uid == geteuid(), status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw HostError(
                code: .runDirectory,
                message: "run directory: \(path) belongs to another user, or is writable by others; run"
                    + " chmod 700 it, or name another with --run-dir"
            )
        }
    }

    /// Checks that a file in the folder can be mapped as executable. It cannot if the folder is mounted noexec.
    private static func proveExecutable(_ boot: String) throws {
        let path = "\(boot)/proof"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o700)
        guard file >= 0 else { throw Self.error(path, "cannot be created") }
        defer {
            close(file)
            unlink(path)
        }
        guard ftruncate(file, 4096) == 0 else { throw Self.error(path, "cannot be written") }
        guard let page = mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0), page != MAP_FAILED else {
            throw Self.error(boot, "allows no executable mappings (is it mounted noexec?)")
        }
        munmap(page, 4096)
    }

    /// Removes the folders of starts that have ended: their lock files are not locked.
    private static func removeDeadStarts(in path: String) {
        for name in FolderList.names(in: path) {
            let boot = "\(path)/\(name)"
            let lock = open("\(boot)/lock", O_RDWR | O_CLOEXEC)
            guard lock >= 0 else { continue }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { Self.removeTree(boot) }
            close(lock)
        }
    }

    private static func removeTree(_ path: String) {
        for name in FolderList.names(in: path) {
            let inner = "\(path)/\(name)"
            var status = stat()
            guard lstat(inner, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { Self.removeTree(inner) } else { unlink(inner) }
        }
        rmdir(path)
    }

    private static func moment() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return String(now.tv_sec * 1_000_000_000 + now.tv_nsec, radix: 36)
    }
}
