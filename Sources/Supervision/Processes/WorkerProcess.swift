import Glibc
import Logging
import NIOCore
import Roost
import RoostSystem
import Synchronization

/// The main function of a worker: of `roost worker`, and of an interpreter that has loaded libRoost.so.
///
/// Starts the host, reports to the supervisor, serves, and stops on the supervisor's order. The process leaves by
/// `_exit`.
package final class WorkerProcess: Sendable {
    /// The ignored signals. The stall signal has a handler, which reports a thread's stack.
    private static let ignorable = SignalMeaning.ignorable.filter { $0 != Worker.stallSignal }

    private let worker: Worker
    private let host: Host
    private let logs: Logs
    private let stopTime: Int
    private let isServing = Atomic(false)
    private let isEnding = Atomic(false)

    /// Serves until the supervisor stops the worker.
    ///
    /// `arguments`: the worker's command line (`GivenOption.words`). `isLoop`: whether the calling thread becomes the
    /// first event loop; otherwise it only waits. Throws `HostError`, before the supervisor has sent an order.
    package static func run(_ arguments: [String], isLoop: Bool = false) throws -> Never {
        let given = try GivenOption.read(arguments)
        let options: ServerOptions
        do { options = try ServerOptions(given) } catch {
            throw HostError(code: .usage, message: error.message, cause: error)
        }
        // Signals of a terminal reach the whole process group, and are the supervisor's to handle. SIGQUIT drains the
        // worker once it serves.
        SignalThread.drop(Self.ignorable + [SIGINT, SIGHUP, SIGPIPE, SIGUSR1])
        signal(SIGQUIT, SIG_DFL)
        let worker = try Worker()
        let logs = Logs(options, isErrorColoured: worker.isErrorColoured)
        let begin = { (loop: (any EventLoop)?) in
            var configuration = logs.configuration(options)
            configuration.callersLoop = loop
            do {
                let host = try worker.makeHost(configuration)
                WorkerProcess(worker: worker, host: host, logs: logs, stopTime: options.stopTime).begin()
            } catch {
                worker.refuse(HostError(error, otherwise: .startup))
                logs.exit(1)
            }
        }
        if isLoop { EventLoops.onThisThread(begin) } else { begin(nil) }
        logs.waitForEnd()
    }

    private init(worker: Worker, host: Host, logs: Logs, stopTime: Int) {
        self.worker = worker
        self.host = host
        self.logs = logs
        self.stopTime = stopTime
    }

    private func begin() {
        self.worker.listen(self.shutDown)
        let ignored = IgnoredSignals(self.logs.logger)
        do {
            try SignalThread.listen([SIGTERM, SIGQUIT, SIGUSR1] + Self.ignorable) { number in
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
