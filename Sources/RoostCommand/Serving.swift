import Glibc
import Logging
import Roost
import RoostDeployment
import RoostModules
import RoostSystem
import Supervision
import Synchronization

/// A host that runs in this process, without a supervisor: its logs, its signals, its end.
struct Serving {
    private let applications: [ServedApplication]
    private let options: ServeOptions
    private let files: [String]
    private let run: RunDirectory
    private let follower: DropInFollower
    private let host: Host
    private let logs: Logs
    private let notice = ServiceNotice()

    /// Binds. Throws `HostError`.
    init(_ look: Deployment.Look, _ deployment: Deployment, _ start: Start, _ run: RunDirectory) throws {
        // Before the first thread: setenv races getenv.
        for (name, value) in look.environment { setenv(name, value, 1) }
        self.applications = look.applications
        self.options = start.options
        self.files = start.filesRead(look)
        self.run = run
        self.logs = Logs(self.options, isErrorColoured: Terminal.error.isColoured)
        UnknownVariables().log(self.logs.logger)
        var configuration = self.logs.configuration(self.options)
        configuration.addresses = try self.options.addresses
        self.host = try Host(look, configuration: configuration)
        self.follower = DropInFollower(self.host, deployment, look, run: run, logger: self.logs.logger)
    }

    /// Serves until a signal stops it, then ends the process.
    func runUntilStopped() -> Never {
        let stopping = AsyncStream.makeStream(of: Void.self)
        let (logs, leave) = (self.logs, self.leave)
        let (stops, ignored, terminal) = (Stops(), IgnoredSignals(logs.logger), ControllingTerminal())
        do {
            try SignalThread.listen(SignalMeaning.all.filter { $0 != Worker.stallSignal }) { number in
                let meaning = SignalMeaning(number)
                if meaning == .stop || (meaning == .reload && terminal.isLost) {
                    // A second one means: at once.
                    if !stops.isFirst() { leave(130, false) }
                    stopping.continuation.yield()
                } else if meaning == .reopenLogs {
                    logs.reopen()
                } else if meaning == .ignored {
                    ignored.tell(number)
                } else {
                    ignored.tell(number, because: "it needs the supervisor (leave --no-supervisor out)")
                }
            }
        } catch {
            logs.logger.critical("\(error)")
            leave(1, false)
        }
        Task { leave(await self.serve(until: stopping.stream), true) }
        logs.waitForEnd()
    }

    /// The exit status.
    private func serve(until stopping: AsyncStream<Void>) async -> CInt {
        do {
            try await self.host.start()
            SignalThread.restorePipeSignal()
            Banner(self.applications, self.host.addresses, self.options, files: self.files).show(
                self.logs.log, self.logs.logger)
            try self.follower.start()
            self.notice.tell("READY=1", "STATUS=serving")
            Task { await self.notice.delivered() }
            for await _ in stopping { break }
            self.logs.logger.info("stopping")
            self.notice.tell("STOPPING=1")
            self.logs.leave(after: self.options.stopTime)
            try await self.host.stop()
            return 0
        } catch {
            self.logs.logger.critical("\(error)")
            return 1
        }
    }

    /// Ends the process. Takes the exit status, and whether everything has been shut down.
    private var leave: @Sendable (CInt, Bool) -> Never {
        let (run, logs) = (self.run, self.logs)
        return { status, isComplete in
            run.remove()
            logs.leave(status, isComplete: isComplete)
        }
    }
}

/// Whether a stop was asked for before.
private final class Stops: Sendable {
    private let isAsked = Atomic(false)

    func isFirst() -> Bool { !self.isAsked.exchange(true, ordering: .relaxed) }
}
