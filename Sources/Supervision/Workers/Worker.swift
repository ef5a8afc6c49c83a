import CLinux
import CWorker
import Glibc
import HTTPServer
import HTTPTLS
import Logging
import Middleware
import ModuleRuntime
import NIOConcurrencyHelpers
package import Roost
import RoostDeployment
import RoostSystem

/// This process as a worker: its connection to the supervisor. Used from any thread.
///
/// The supervisor passes descriptors from 3 on: the channel to the supervisor, the shared page, the supervisor's
/// standard error, the table of rate limits, and the listening sockets. Until the worker is ready, its own standard error is a pipe to the
/// supervisor, which logs the last lines if the worker never becomes ready.
package final class Worker: Sendable {
    static let channelDescriptor: CInt = 3
    static let pageDescriptor: CInt = 4
    static let standardErrorDescriptor: CInt = 5
    static let ratesDescriptor: CInt = 6
    static let firstListenerDescriptor: CInt = 7
    /// The signal that makes a thread write its stack to the page.
    package static var stallSignal: CInt { roost_stall_signal() }

    private let channel: WorkerChannel
    private let order: WorkerOrder
    private let page: WorkerPage
    private let host = NIOLockedValueBox<Host?>(nil)
    /// The certificates that have come after the order.
    private let tls = NIOLockedValueBox<TLSSettings?>(nil)
    /// The faults that pages show to browsers; nil without `--reload`.
    private let faults = NIOLockedValueBox<DevelopmentFaults?>(nil)
    /// The states of the worker that this one replaces, once the supervisor has sent them.
    private let savedState = OneShot<[UInt32: SavedState]>()

    package var isErrorColoured: Bool { self.order.isErrorColoured }

    /// Receives the order, and applies its user and limits, before any module is loaded. Throws `HostError`.
    package init() throws {
        for descriptor in [
            Self.channelDescriptor, Self.pageDescriptor, Self.standardErrorDescriptor, Self.ratesDescriptor,
        ] {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw HostError(code: .usage, message: "roost worker is started by the supervisor only")
            }
        }
        guard let page = WorkerPage(descriptor: Self.pageDescriptor) else {
            throw HostError(code: .exhausted, message: "cannot map the worker's shared page")
        }
        self.page = page
        self.channel = WorkerChannel(Self.channelDescriptor)
        self.order = try self.channel.receiveOrder()
        for number in self.order.addresses.indices {
            _ = fcntl(Self.firstListenerDescriptor + CInt(number), F_SETFD, FD_CLOEXEC)
        }
        try self.order.privileges.apply()
        page.reportCrashes()
    }

    /// Creates the host that the order describes.
    package func makeHost(_ given: HostConfiguration) throws -> Host {
        var configuration = given
        configuration.page = self.page
        configuration.rates = RateLimitTable(descriptor: Self.ratesDescriptor)
        configuration.relayUsers = self.order.relayUsers
        configuration.relayPaths = self.order.groupSockets
        configuration.tls = self.order.tls
        let backlog = configuration.server.backlog
        let listeners = self.order.addresses.enumerated().map { number, address -> Listener in
            let descriptor = Self.firstListenerDescriptor + CInt(number)
            guard self.order.isRelayed else {
                return Listener(
                    given: descriptor, address: address.bind, proxies: address.proxies, security: address.security,
                    backlog: backlog)
            }
            return GroupListener.make(
                given: descriptor, address: address.bind, backlog: backlog, users: self.order.relayUsers)
        }
        self.faults.withLockedValue { $0 = configuration.faults }
        let host = Host(self.order.applications.applications, on: listeners, configuration: configuration)
        self.host.withLockedValue { $0 = host }
        // They may have come before there was a host.
        if let settings = self.tls.withLockedValue({ $0 }) { self.use(settings) }
        return host
    }

    /// Starts the host. `beforeReady`: called before the first request is accepted. Throws `HostError`.
    package func start(_ host: Host, beforeReady: @escaping @Sendable () -> Void) async throws {
        try await host.start(beforeServing: self.restoreState) { failures in
            beforeReady()
            // Replaces the pipe by the supervisor's standard error.
            dup2(Self.standardErrorDescriptor, 2)
            close(Self.standardErrorDescriptor)
            self.channel.send(.ready(faults: Self.faults(of: failures)))
        }
    }

    private static func faults(of failures: [RunningHost.Failure]) -> [UInt32: String] {
        Dictionary(failures.map { ($0.number, $0.message) }, uniquingKeysWith: { $1 })
    }

    /// Reports that this worker accepts no more connections.
    package func reportStoppedAccepting() { self.channel.send(.stoppedAccepting) }

    /// Reports why this worker cannot start.
    package func refuse(_ error: HostError) { self.channel.send(.refused(reason: error.message)) }

    /// Exits without running destructors, since threads of modules may still run. The exit is not reported as a
    /// module's.
    package static func exit(_ status: CInt) -> Never {
        roost_end_reports()
        _exit(status)
    }

    // MARK: State of applications

    /// Restores the states of the worker that this one replaces, if there is one.
    private func restoreState(_ running: RunningHost) async {
        let numbers = running.remembering
        guard !numbers.isEmpty else { return }
        self.channel.send(.requestsState)
        // If no response arrives in time, the applications start without a state.
        let states = await self.savedState.value(within: .seconds(running.configuration.lifespanTime)) ?? [:]
        for number in numbers {
            if let saved = states[number] { await running.restore(saved, in: number) }
        }
    }

    /// Sends the states of the applications, for the worker that replaces this one.
    private func saveState(_ running: RunningHost) async {
        var states: [UInt32: SavedState] = [:]
        for number in running.remembering { states[number] = await running.save(number) }
        self.channel.send(.savedState(states))
    }

    // MARK: Certificates

    /// Uses other certificates, which the supervisor has checked.
    private func use(_ settings: TLSSettings) {
        self.tls.withLockedValue { $0 = settings }
        // A fault is logged by the host.
        try? self.host.withLockedValue { $0 }?.use(settings)
    }

    // MARK: Messages from the supervisor

    /// Handles messages from the supervisor on a thread of its own, for the life of the process.
    ///
    /// `shutDown`: called when the worker must shut down, with `nil` if at once. The end of the supervisor counts as
    /// `.drain`.
    package func listen(_ shutDown: @escaping @Sendable (WorkerShutdown?) -> Void) {
        let isListening = DetachedThread.start {
            do throws(MessageFault) {
                try self.channel.receiveAll { message in self.handle(message, shutDown) }
                shutDown(.drain)
            } catch { shutDown(nil) }
        }
        // Without this thread the process could not be stopped.
        if !isListening { shutDown(nil) }
    }

    private func handle(_ message: SupervisorMessage, _ shutDown: @Sendable (WorkerShutdown?) -> Void) {
        let host = self.host.withLockedValue { $0 }
        switch message {
        case .order: break
        case .ping: host?.answerPing()
        case .announceStop: host?.announceStop()
        case .shutDown(let way): shutDown(way)
        case .restoreState(let states): self.savedState.send(states)
        case .faults(let faults): self.faults.withLockedValue { $0 }?.replace(by: faults)
        case .certificates(let settings): self.use(settings)
        case .groupSockets(let group, let paths): host?.current?.use(paths, for: group)
        case .prepare(let change, let list):
            guard let running = host?.current else { return }
            // Announced here, since a commit may overtake the task: the change may be withdrawn before the task runs.
            running.announce(change)
            Task {
                let failures = await running.prepare(list.applications, for: change)
                self.channel.send(.prepared(change: change, faults: Self.faults(of: failures)))
            }
        case .commit(let change, let mounting, let removing, let instead):
            guard let running = host?.current else { return }
            Task {
                await running.commit(change, mounting: mounting, removing: removing, instead.applications)
                self.channel.send(.committed(change: change))
            }
        case .saveState:
            guard let running = host?.current else { return }
            Task { await self.saveState(running) }
        }
    }
}
