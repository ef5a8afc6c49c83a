import Glibc
import Logging
import Roost
import UnixSignals

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
        Task {
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
            Task { self.leave(await self.serve(until: stopping.stream)) }
            var count = 0
            for await _ in signals {
                count += 1
                // A second one means: at once.
                if count > 1 { self.leave(130) }
                stopping.continuation.yield()
            }
        }
        while true { pause() }
    }

    /// The exit status.
    private func serve(until stopping: AsyncStream<Void>) async -> CInt {
        do {
            try await self.host.start()
            Banner(self.applications, self.host.addresses, self.options, files: self.files).show(
                self.logs.log, self.logs.logger)
            try self.follower.start()
            self.notice.tell("READY=1", "STATUS=serving")
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

    private func leave(_ status: CInt) -> Never {
        self.run.remove()
        self.logs.leave(status)
    }
}
