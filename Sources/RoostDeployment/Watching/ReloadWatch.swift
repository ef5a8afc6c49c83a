package import Glibc
package import RoostSystem

/// The files that `--reload` watches: modules and settings, and the sources they are made from. Every baseline is older than what was read or
/// built: nothing that changes meanwhile is missed. For one thread.
package final class ReloadWatch {
    /// The paths that have changed.
    package struct Change {
        /// Modules and settings.
        package var files: [String] = []
        package var sources: [String] = []
    }

    private let tree: SourceTree
    private let events = FoldersEvents()
    /// There are more sources than are watched.
    package private(set) var isCut = false
    private var paths: Set<String> = []
    private var files: Debounce<FileMark>
    private var sources: Debounce<FileMark>
    /// The first look is due at once.
    private var pollAt = 0

    /// `baseline`: the sources as they were before anything was made of them. `quiet`: how long a file must not have changed before it counts,
    /// milliseconds.
    package init(_ tree: SourceTree, since baseline: [String: FileMark], quiet: Int) {
        self.tree = tree
        self.files = Debounce([:], quiet: quiet)
        self.sources = Debounce(baseline, quiet: quiet)
        self.arm(tree.scan().folders)
    }

    /// Follows these files. `seen`: the states of the new ones before they were read.
    package func follow(_ paths: Set<String>, since seen: FileMarks) {
        guard paths != self.paths else { return }
        let new = paths.subtracting(self.paths)
        self.paths = paths
        var there = self.files.stable.filter { paths.contains($0.key) }
        for path in new { there[path] = seen.isNoted(path) ? seen[path] : FileMark(of: path) }
        self.files.accept(there)
        self.arm(self.tree.scan().folders)
    }

    /// Files in these states were acted on: what differs from them is a change.
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

    /// The descriptors to wait for.
    package var waits: [pollfd] {
        self.events.descriptor < 0
            ? [] : [pollfd(fd: self.events.descriptor, events: Int16(POLLIN), revents: 0)]
    }

    /// When the files have to be looked at without a notification.
    package var due: Int { min(self.pollAt, self.files.due ?? .max, self.sources.due ?? .max) }

    /// Looks at the files after a notification, or when it is due.
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
