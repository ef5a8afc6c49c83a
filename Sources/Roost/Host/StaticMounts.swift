import HTTPServer
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
import RoostDeployment
import RoostSettings
import RoostSystem
import StaticFiles

/// The mounts of static files of a running host. An unchanged one is kept when applications change, with its cached
/// files. Thread-safe.
final class StaticMounts: Sendable {
    private struct Key: Hashable {
        let mount: Mount
        let folder: StaticFolder
        let middleware: [MiddlewareEntry]
        /// The mount of the application whose middleware it is.
        let owner: Mount
    }

    private let threads = FileThreads()
    private let configuration: HostConfiguration
    private let loops: [ServerLoop.Handle]
    private let mounts = NIOLockedValueBox<[Key: (mounted: Mounted, files: StaticMount)]>([:])

    init(_ configuration: HostConfiguration, on loops: [ServerLoop.Handle]) {
        self.configuration = configuration
        self.loops = loops
    }

    /// Releases the cached files and waits for the threads, before the event loops end.
    func stop() async {
        for (_, files) in self.mounts.withLockedValue({ $0.values }) { files.release() }
        await self.threads.stop()
    }

    /// Returns the mounts of the host's own entries and of those of these applications, and the function that releases
    /// the others, to be called when no loop has them any more. A mount of an application takes precedence.
    func update(_ applications: [RunningApplication]) -> (mounted: [Mounted], releaseOthers: @Sendable () -> Void) {
        let taken = applications.map(\.mounted.mount)
        var wanted: [Key] = []
        func add(_ entry: StaticEntry, below mount: Mount, _ middleware: [MiddlewareEntry]) {
            guard
                let place = try? Mount(
                    path: "\(mount.path)\(entry.path.isEmpty ? "/" : entry.path)", hosts: mount.hosts)
            else { return }
            guard !taken.contains(where: { $0.conflict(with: place) != nil }) else {
                return self.configuration.logger.log(
                    .filesHidden, ["mount": "\(place)", "folder": "\(entry.folder.path)"])
            }
            if !wanted.contains(where: { $0.mount.conflict(with: place) != nil }) {
                wanted.append(Key(mount: place, folder: entry.folder, middleware: middleware, owner: mount))
            }
        }
        for application in applications {
            for entry in application.application.statics {
                add(entry, below: application.mounted.mount, application.application.middleware)
            }
        }
        for entry in self.configuration.statics { add(entry, below: .root, []) }
        return self.mounts.withLockedValue { mounts in
            let others = mounts.filter { !wanted.contains($0.key) }.values.map(\.files)
            mounts = Dictionary(
                uniqueKeysWithValues: wanted.map { key in (key, mounts[key] ?? self.make(key)) })
            return (mounts.values.map(\.mounted), { for files in others { files.release() } })
        }
    }

    private func make(_ key: Key) -> (mounted: Mounted, files: StaticMount) {
        let limits = StaticLimits(
            cache: self.configuration.staticCache, settling: self.configuration.staticSettling)
        let files = StaticMount(
            key.folder, limits, threads: self.threads, on: self.loops,
            hiddenPath: PercentEncoding.path(self.configuration.rootPath.utf8), logger: self.configuration.logger)
        self.configuration.logger.log(.filesMounted, ["mount": "\(key.mount)", "folder": "\(key.folder.path)"])
        do {
            let middleware = try self.configuration.middleware(before: key.middleware, at: key.owner)
            return (Mounted(number: Mounted.ofFiles, mount: key.mount, middleware: middleware, answerer: files), files)
        } catch {
            // Never without its middleware, which may protect the files.
            self.configuration.logger.log(
                .filesHidden, ["mount": "\(key.mount)", "folder": "\(key.folder.path)", "reason": "\(error)"])
            let standIn = StandIn(.notStarted)
            return (Mounted(number: Mounted.ofFiles, mount: key.mount, answerer: standIn), files)
        }
    }
}
