package import Glibc
package import RoostSystem

/// Watches the files for `--reload`: modules and settings, and the sources that they are built from. Every baseline is
/// taken before the files are read or built, so that no change is missed. Must be used from one thread.
package final class ReloadWatch {
    /// The paths of changed files.
    package struct Change {
        /// Modules and settings.
        package var files: [String] = []
        package var sources: [String] = []
    }

    private let tree: SourceTree
    private let events = FoldersEvents()
    /// Whether there are more sources than are watched.
    package private(set) var isCut = false
    private var paths: Set<String> = []
    private var files: Debounce<FileMark>
    private var sources: Debounce<FileMark>
    /// The first poll is due at once.
    private var pollAt = 0

    /// `baseline`: the states of the sources before anything was built from them. `quiet`, `sourceQuiet`: how long a
    /// module and a source must be unchanged to be stable, in milliseconds.
    package init(_ tree: SourceTree, since baseline: [String: FileMark], quiet: Int, sourceQuiet: Int) {
        self.tree = tree
        self.files = Debounce([:], quiet: quiet)
        self.sources = Debounce(baseline, quiet: sourceQuiet)
        self.arm(tree.scan().folders)
    }

    /// Watches these files. `seen`: the states of new files before they were read.
    package func follow(_ paths: Set<String>, since seen: FileMarks) {
        guard paths != self.paths else { return }
        let new = paths.subtracting(self.paths)
        self.paths = paths
        var there = self.files.stable.filter { paths.contains($0.key) }
        for path in new { there[path] = seen.isNoted(path) ? seen[path] : FileMark(of: path) }
        self.files.accept(there)
        self.arm(self.tree.scan().folders)
    }

    /// Takes the states of files that were acted on: other states are changes.
    package func accept(_ seen: FileMarks) {
        var there = self.files.stable
        for path in self.paths where seen.isNoted(path) { there[path] = seen[path] }
        self.files.accept(there)
    }

    private func arm(_ folders: Set<String>) {
        let others = self.paths.map { path in
            path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        }
        self.events.arm(folders.union(others))
    }

    /// The descriptors to poll.
    package var waits: [pollfd] {
        self.events.descriptor < 0
            ? [] : [pollfd(fd: self.events.descriptor, events: Int16(POLLIN), revents: 0)]
    }

    /// When the files must be examined without a notification.
    package var due: Int { min(self.pollAt, self.files.due ?? .max, self.sources.due ?? .max) }

    /// Examines the files after a notification, or when due.
    package func poll(now: Int) -> Change {
        guard self.events.drain() || now >= self.due else { return Change() }
        if now >= self.pollAt { self.pollAt = now + FolderEvents.pace }
        let tree = self.tree.scan()
        self.isCut = tree.isCut
        self.arm(tree.folders)
        return Change(
            files: self.files.update(self.marks, now: now), sources: self.sources.update(tree.files, now: now))
    }

    private var marks: [String: FileMark] {
        var marks: [String: FileMark] = [:]
        for path in self.paths { marks[path] = FileMark(of: path) }
        return marks
    }
}
