import Glibc

/// The files of a start for development: modules and settings, and the sources they are made from. For one thread.
final class ReloadWatch {
    /// What has happened.
    struct Change {
        /// Of modules and settings.
        var files: [String] = []
        var sources: [String] = []
    }

    private let tree: SourceTree
    private let events = FoldersEvents()
    private var paths: Set<String> = []
    private var files: Settling<FileMark>
    private var sources: Settling<FileMark>
    private var lookAt: Int

    /// `quiet`: how long a file must not have changed before it counts, milliseconds.
    init(_ tree: SourceTree, quiet: Int) {
        self.tree = tree
        self.files = Settling([:], quiet: quiet)
        let (sources, folders) = tree.look()
        self.sources = Settling(sources, quiet: quiet)
        self.events.arm(folders)
        self.lookAt = MonotonicClock.milliseconds + FolderEvents.pace
    }

    /// Follows these: those that are new count as they are.
    func follow(_ paths: Set<String>) {
        guard paths != self.paths else { return }
        let new = paths.subtracting(self.paths)
        self.paths = paths
        var there = self.files.settled.filter { paths.contains($0.key) }
        for path in new { there[path] = FileMark(of: path) }
        self.files.accept(there)
        self.arm(self.tree.look().folders)
    }

    private func arm(_ folders: Set<String>) {
        let others = self.paths.map { path in
            path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        }
        self.events.arm(folders.union(others))
    }

    /// What is waited for.
    var waits: [pollfd] {
        self.events.descriptor < 0
            ? [] : [pollfd(fd: self.events.descriptor, events: Int16(POLLIN), revents: 0)]
    }

    /// When it is to be looked at though nothing is heard.
    var due: Int { min(self.lookAt, self.files.due ?? .max, self.sources.due ?? .max) }

    /// Looks, if something was heard or it is time.
    func look(now: Int) -> Change {
        guard self.events.drain() || now >= self.due else { return Change() }
        if now >= self.lookAt { self.lookAt = now + FolderEvents.pace }
        let (sources, folders) = self.tree.look()
        self.arm(folders)
        return Change(
            files: self.files.look(self.marks, now: now), sources: self.sources.look(sources, now: now))
    }

    /// Modules and settings count as they are: whoever has written them is done, and they are looked at anyway.
    func acceptFiles() { self.files.accept(self.marks) }

    private var marks: [String: FileMark] {
        var marks: [String: FileMark] = [:]
        for path in self.paths { marks[path] = FileMark(of: path) }
        return marks
    }
}
