import ArgumentParser
import Glibc
import Logging
import Roost
import RoostSystem
import Supervision
import Synchronization

/// `roost worker`: the internal process that a supervisor starts to load modules and serve.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Serve as a worker of the supervisor.", shouldDisplay: false
    )

    /// The ignored signals. The stall signal has a handler, which reports a thread's stack.
    static let ignorable = SignalMeaning.ignorable.filter { $0 != Worker.stallSignal }

    /// Not used; appears in process lists only.
    @Argument var module: String?
    @OptionGroup var arguments: OptionArguments

    func run() throws {
        let options = try ServerOptions(checking: self.arguments.given)
        // Signals of a terminal reach the whole process group, and are the supervisor's to handle. SIGQUIT drains the
        // worker once it serves.
        SignalThread.drop(Self.ignorable + [SIGINT, SIGHUP, SIGPIPE, SIGUSR1])
        signal(SIGQUIT, SIG_DFL)
        let worker = try Worker()
        let logs = Logs(options, isErrorColoured: worker.isErrorColoured)
        let host: Host
        do {
            host = try worker.makeHost(logs.configuration(options))
        } catch let error as HostError {
            worker.refuse(error)
            logs.exit(1)
        }
        WorkerServing(worker: worker, host: host, logs: logs, stopTime: options.stopTime).runUntilStopped()
    }
}

/// Starts a worker's host, reports to the supervisor, serves, and stops on the supervisor's order.
private final class WorkerServing: Sendable {
    private let worker: Worker
    private let host: Host
    private let logs: Logs
    private let stopTime: Int
    private let isServing = Atomic(false)
    private let isEnding = Atomic(false)

    init(worker: Worker, host: Host, logs: Logs, stopTime: Int) {
        self.worker = worker
        self.host = host
        self.logs = logs
        self.stopTime = stopTime
    }

    func runUntilStopped() -> Never {
        self.worker.listen(self.shutDown)
        let ignored = IgnoredSignals(self.logs.logger)
        do {
            try SignalThread.listen([SIGTERM, SIGQUIT, SIGUSR1] + WorkerCommand.ignorable) { number in
                guard SignalMeaning(number) == .stop else {
                    return ignored.log(number, because: "a worker does not handle it")
                }
                self.shutDown(.drain)
            }
        } catch {
            self.worker.refuse(HostError(error, otherwise: .exhausted))
            self.logs.exit(1)
        }
        Task { await self.start() }
        self.logs.waitForEnd()
    }

    private func start() async {
        do {
            try await self.worker.start(self.host) {
                self.isServing.store(true, ordering: .sequentiallyConsistent)
                self.logs.flush()
            }
            SignalThread.restorePipeSignal()
        } catch {
            self.worker.refuse(HostError(error, otherwise: .startup))
            self.logs.exit(1)
        }
    }

    /// `way`: how to shut down; nil means at once.
    private func shutDown(_ way: WorkerShutdown?) {
        // No client is connected yet.
        guard let way, self.isServing.load(ordering: .sequentiallyConsistent) else { self.logs.exit(0) }
        let isFirst = !self.isEnding.exchange(true, ordering: .sequentiallyConsistent)
        if isFirst {
            self.logs.exit(after: self.stopTime)
            Task { await self.stop(way) }
        } else if way == .stop {
            self.host.closeIdle()
        }
    }

    private func stop(_ way: WorkerShutdown) async {
        do {
            try await self.host.stop(closesIdle: way == .stop, isReplaced: way == .retire) {
                self.worker.reportStoppedAccepting()
            }
            self.logs.exit(0, isComplete: true)
        } catch {
            self.logs.logger.log(.stopFailed, ["reason": "\(error)"])
            self.logs.exit(1)
        }
    }
}
