import HTTPServer
import NIOConcurrencyHelpers
public import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// Embedding: a host inside a program.
extension Host {
    /// Binds the addresses and prepares the applications. Throws `HostError`.
    ///
    /// If the configuration names a probe command, a child process loads each module first. A crash while loading then
    /// ends the child, not this process.
    public convenience init(
        applications: [HostApplication], configuration: HostConfiguration = HostConfiguration()
    ) throws {
        try Self.refuseDebug(threads: configuration.threads)
        let embedded = EmbeddedApplications(configuration)
        let installed = try applications.map { try embedded.install($0) }
        self.init(
            installed, on: try Self.bind(configuration),
            configuration: configuration, embedded: embedded)
    }

    /// Mounts an application. When this returns, new requests reach it. Before `start`, only adds the application to
    /// those that `start` starts. Throws `HostError` if the application does not start or its mount is taken.
    public func mount(_ given: HostApplication) async throws {
        guard let embedded else {
            throw HostError(
                code: .usage, message: "the applications of this host come from its settings; change the settings")
        }
        let mount = try given.mount.get()
        let application = try embedded.install(given)
        guard let process = await self.whenStarted(orChange: { $0.append(application) }) else { return }
        do {
            try await process.mount(application)
        } catch {
            embedded.forget(mount)
            throw error
        }
    }

    /// Unmounts the application at this path; its unfinished requests may finish within the drain timeout. Returns
    /// false if nothing is mounted there.
    @discardableResult
    public func unmount(at path: String, hosts: [String] = []) async throws -> Bool {
        let application = HostApplication.closure(at: path, hosts: hosts) { _ in .text("") }
        let mount = try application.mount.get()
        guard let number = self.embedded?.forget(mount) else { return false }
        guard let process = await self.whenStarted(orChange: { $0.removeAll { $0.number == number } }) else {
            return true
        }
        await process.unmount(number)
        return true
    }

    /// The mounted applications, in the order of mounting.
    public var mounted: [DeployedApplication] {
        self.runningDeployment?.applications ?? self.applications.withLockedValue { $0 }
    }
}

/// The applications that a program passes to its host: prepares and numbers them, and refuses a mount that is taken.
/// Thread-safe.
final class EmbeddedApplications: Sendable {
    private struct State {
        var mounts: [UInt32: Mount] = [:]
        var last: UInt32 = 0
        var run: RunDirectory?
        var isClosed = false
    }

    private let preparation: ApplicationPreparation
    private let runDirectory: String?
    private let state = NIOLockedValueBox(State())

    init(_ configuration: HostConfiguration) {
        var preparation = ApplicationPreparation()
        // The program or a module may change the working directory later.
        preparation.folder = WorkingFolder.absolute(configuration.folder, below: WorkingFolder.current)
        preparation.trust = configuration.trust
        preparation.probe = configuration.probe
        self.preparation = preparation
        self.runDirectory = configuration.runDirectory
    }

    deinit { self.close() }

    /// Removes the run directory. After this no application can be installed.
    func close() {
        let run = self.state.withLockedValue { state in
            state.isClosed = true
            defer { state.run = nil }
            return state.run
        }
        run?.remove()
    }

    private static let stopped = HostError(code: .usage, message: "this host has stopped")

    /// Reserves the mount and prepares the application. Throws `HostError`.
    func install(_ application: HostApplication) throws -> DeployedApplication {
        let mount = try application.mount.get()
        let number = try self.state.withLockedValue { state in
            guard !state.isClosed else { throw Self.stopped }
            if let other = state.mounts.values.first(where: { mount.conflict(with: $0) != nil }) {
                throw HostError(code: .usage, message: "\(mount) is already mounted (as \(other))")
            }
            state.last += 1
            state.mounts[state.last] = mount
            return state.last
        }
        do {
            switch application.work {
            case .closure(let closure):
                return DeployedApplication(
                    number: number, name: application.name, mount: mount, .program(closure))
            case .entry(let entry):
                return DeployedApplication(
                    number: number, try self.preparation.prepare([entry], run: try self.run())[0].get())
            }
        } catch {
            self.state.withLockedValue { _ = $0.mounts.removeValue(forKey: number) }
            throw error
        }
    }

    /// Frees a mount. Returns the number of its application; nil if there is none.
    @discardableResult
    func forget(_ mount: Mount) -> UInt32? {
        self.state.withLockedValue { state in
            guard let number = state.mounts.first(where: { $0.value == mount })?.key else { return nil }
            state.mounts[number] = nil
            return number
        }
    }

    /// Returns the run directory, which is created for the first module.
    private func run() throws -> RunDirectory {
        try self.state.withLockedValue { state in
            if let run = state.run { return run }
            guard !state.isClosed else { throw Self.stopped }
            let run = try RunDirectory.make(self.runDirectory, trust: self.preparation.trust)
            state.run = run
            return run
        }
    }
}
