import Glibc
import HTTPServer
import HTTPTLS
import Logging
import NIOConcurrencyHelpers
import Roost
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem
import Supervision
import Synchronization

/// A host in this process, without a supervisor: its logs, signals and exit.
struct Serving {
    private let options: ServerOptions
    private let files: [String]
    private let run: RunDirectory
    private let deployment: Deployment
    private let scan: Deployment.Scan
    private let redeclare: @Sendable () throws -> Deployment
    private let reloads = ReloadRequests()
    private let host: Host
    private let logs: Logs
    private let notice = ServiceNotice()
    /// Nil without TLS.
    private let certificates: HeldCertificates?

    /// Binds the addresses. Throws `HostError`.
    init(_ scan: Deployment.Scan, _ deployment: Deployment, _ start: Start, _ run: RunDirectory) throws {
        // Before the first thread starts, since setenv races getenv.
        for (name, value) in scan.environment { setenv(name, value, 1) }
        self.options = start.options
        self.files = start.filesRead(scan)
        self.run = run
        self.logs = Logs(self.options, isErrorColoured: self.options.process.isColoured(.error))
        UnknownVariables().log(self.logs.logger)
        try OtherCommandLine.logIgnored(self.logs.logger)
        var configuration = self.logs.configuration(self.options)
        configuration.addresses = try start.listenAddresses
        if let files = try deployment.tls ?? start.selfSigned(run) {
            self.certificates = HeldCertificates(
                try CertificateFollower(
                    files, trust: self.options.host.trust,
                    clients: Set(configuration.addresses.compactMap(\.security.clientCertificates)), self.logs.logger))
        } else {
            self.certificates = nil
        }
        configuration.tls = self.certificates?.settings
        self.host = try Host(deployment, scan, configuration: configuration)
        self.deployment = deployment
        self.scan = scan
        self.redeclare = start.again
    }

    /// Serves until a signal stops it, then ends the process.
    func runUntilStopped() -> Never {
        let stopping = AsyncStream.makeStream(of: Void.self)
        let (logs, exit, reloads) = (self.logs, self.exit, self.reloads)
        let (stops, ignored, terminal) = (Stops(), IgnoredSignals(logs.logger), ControllingTerminal())
        do {
            try SignalThread.listen(SignalMeaning.all.filter { $0 != Worker.stallSignal }) { number in
                let meaning = SignalMeaning(number)
                if meaning == .stop || (meaning == .reload && terminal.isLost) {
                    // The second signal stops at once.
                    if !stops.isFirst() { exit(130, false) }
                    stopping.continuation.yield()
                } else if meaning == .reload {
                    reloads.request()
                } else if meaning == .reopenLogs {
                    logs.reopen()
                } else if meaning == .ignored {
                    ignored.log(number)
                } else {
                    ignored.log(number, because: "it needs the supervisor (remove --no-supervisor)")
                }
            }
        } catch {
            logs.logger.log(.startFailed, ["reason": "\(error)"])
            exit(1, false)
        }
        Task { exit(await self.serve(until: stopping.stream), true) }
        logs.waitForEnd()
    }

    /// Serves until `stopping` yields. Returns the exit status.
    private func serve(until stopping: AsyncStream<Void>) async -> CInt {
        do {
            try await self.host.start()
            SignalThread.restorePipeSignal()
            if let process = self.host.runningDeployment {
                Banner(process.applications, self.host.urls, self.options, files: self.files).show(
                    self.logs.log, self.logs.logger)
                try self.follow(process)
            }
            self.notice.notify("READY=1", "STATUS=serving")
            Task { await self.notice.delivered() }
            self.followCertificates()
            for await _ in stopping { break }
            self.logs.logger.log(.stopping)
            self.reloads.setHandler {}
            self.notice.notify("STOPPING=1")
            self.logs.exit(after: self.options.stopTime)
            try await self.host.stop()
            return 0
        } catch {
            self.logs.logger.log(.startFailed, ["reason": "\(error)"])
            return 1
        }
    }

    /// Uses certificates whose files have changed, for the life of the process.
    private func followCertificates() {
        guard let certificates else { return }
        let host = self.host
        Task {
            while true {
                // This task is never cancelled.
                try? await Task.sleep(for: .milliseconds(max(certificates.due - MonotonicClock.milliseconds, 1)))
                // A fault is logged.
                if let settings = certificates.poll() { try? host.use(settings) }
            }
        }
    }

    /// Follows the drop-in folders, and reloads on SIGHUP.
    private func follow(_ process: ProcessDeployment) throws {
        let notice = self.notice
        let follower = try DeploymentFollower(
            process, self.deployment, self.scan, run: self.run, redeclare: self.redeclare
        ) { fault in
            notice.notify("READY=1", fault == nil ? "STATUS=serving" : "STATUS=serving, the last reload failed")
        }
        try follower.start()
        let (logger, certificates, host, redeclare) = (self.logs.logger, self.certificates, self.host, self.redeclare)
        self.reloads.setHandler {
            logger.log(.reloading)
            // Settings that cannot be read are reported by the reload of the applications.
            if let settings = certificates?.reload((try? redeclare())?.tls) { try? host.use(settings) }
            notice.notifyReloading()
            follower.reload()
        }
    }

    /// Exits. Takes the exit status, and whether everything has been shut down.
    private var exit: @Sendable (CInt, Bool) -> Never {
        let (run, logs) = (self.run, self.logs)
        return { status, isComplete in
            run.remove()
            logs.exit(status, isComplete: isComplete)
        }
    }
}

/// The certificates of this process, used by a signal and by a timer. Thread-safe.
private final class HeldCertificates: Sendable {
    // SAFETY: used under the lock only.
    private struct Held: @unchecked Sendable { let follower: CertificateFollower }
    private let held: NIOLockedValueBox<Held>

    init(_ follower: CertificateFollower) { self.held = NIOLockedValueBox(Held(follower: follower)) }

    var settings: TLSSettings { self.held.withLockedValue { $0.follower.settings } }
    var due: Int { self.held.withLockedValue { $0.follower.due } }

    func poll() -> TLSSettings? { self.held.withLockedValue { $0.follower.poll(now: MonotonicClock.milliseconds) } }

    /// Nil also if the files cannot be used, which is logged.
    func reload(_ files: TLSFiles?) -> TLSSettings? { self.held.withLockedValue { try? $0.follower.reload(files) } }
}

/// Distinguishes the first stop signal from later ones.
private final class Stops: Sendable {
    private let isAsked = Atomic(false)

    func isFirst() -> Bool { !self.isAsked.exchange(true, ordering: .relaxed) }
}

/// Reloads requested by signals. A request before the host serves is carried out once it does. Thread-safe.
private final class ReloadRequests: Sendable {
    private struct State {
        var isRequested = false
        var reload: (@Sendable () -> Void)?
    }

    private let state = NIOLockedValueBox(State())

    func request() {
        let reload = self.state.withLockedValue { state in
            state.isRequested = state.reload == nil
            return state.reload
        }
        reload?()
    }

    func setHandler(_ reload: @escaping @Sendable () -> Void) {
        let isRequested = self.state.withLockedValue { state in
            state.reload = reload
            return state.isRequested
        }
        if isRequested { reload() }
    }
}
