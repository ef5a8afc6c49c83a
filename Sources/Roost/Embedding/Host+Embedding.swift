import HTTPServer
import NIOConcurrencyHelpers
public import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// A host in a program.
extension Host {
    /// Binds, and prepares what is to be served. A child process loads modules first only when the configuration names the command for it; then
    /// a crash while loading costs that child, else this process. Throws `HostError`.
    public convenience init(
        applications: [HostApplication], configuration: HostConfiguration = HostConfiguration()
    ) throws {
        try Self.refuseDebug(threads: configuration.threads)
        let embedded = EmbeddedApplications(configuration)
        let installed = try applications.map { try embedded.install($0) }
        self.init(
            installed, on: try Self.bind(configuration.addresses, backlog: configuration.server.backlog),
            configuration: configuration, embedded: embedded)
    }

    /// Mounts one more: when this returns, requests that come reach it. Before `start` it is only taken down. Throws `HostError` when it does not
    /// start, or its place is taken.
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

    /// Takes what is mounted there away: requests that are under way end first. False: nothing is.
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

    /// What is mounted, in the order in which it came.
    public var mounted: [DeployedApplication] {
        self.runningDeployment?.applications ?? self.applications.withLockedValue { $0 }
    }
}

/// The applications that a program gives its host: prepares and numbers them, and refuses a mount that is taken. [any]
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
        // The program, or a module, may change the working folder later.
        preparation.folder = WorkingFolder.absolute(configuration.folder, below: WorkingFolder.current)
        preparation.trust = configuration.trust
        preparation.probe = configuration.probe
        self.preparation = preparation
        self.runDirectory = configuration.runDirectory
    }

    deinit { self.close() }

    /// Gives back the run directory. No application can be installed any more.
    func close() {
        let run = self.state.withLockedValue { state in
            state.isClosed = true
            defer { state.run = nil }
            return state.run
        }
        run?.remove()
    }

    /// Throws `HostError`.
    func install(_ application: HostApplication) throws -> DeployedApplication {
        let mount = try application.mount.get()
        let number = try self.state.withLockedValue { state in
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

    /// The place is free again. Says whose it was.
    @discardableResult
    func forget(_ mount: Mount) -> UInt32? {
        self.state.withLockedValue { state in
            guard let number = state.mounts.first(where: { $0.value == mount })?.key else { return nil }
            state.mounts[number] = nil
            return number
        }
    }

    /// Made when a module comes first.
    private func run() throws -> RunDirectory {
        try self.state.withLockedValue { state in
            if let run = state.run { return run }
            guard !state.isClosed else { throw HostError(code: .usage, message: "this host has stopped") }
            let run = try RunDirectory.make(self.runDirectory, trust: self.preparation.trust)
            state.run = run
            return run
        }
    }
}
