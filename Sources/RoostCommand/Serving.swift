import Glibc
import Logging
import Roost
import UnixSignals

/// A host that runs in this process: its logs, its signals, its end.
struct Serving {
    private let application: PreparedApplication
    private let options: ServeOptions
    private let run: RunDirectory
    private let host: Host
    private let log: LineWriter
    private let access: LineWriter?
    private let logger: Logger

    /// Binds. Throws `HostError`.
    init(_ application: PreparedApplication, _ options: ServeOptions, _ run: RunDirectory) throws {
        self.application = application
        self.options = options
        self.run = run
        let log = LineWriter(descriptor: 2)
        self.log = log
        self.access = options.accessLog ? LineWriter(descriptor: 1) : nil
        self.logger = Logger(label: "roost") { _ in
            LineLogHandler(level: options.logLevel.level, writer: log, isColoured: Terminal.error.isColoured)
        }
        var configuration = options.hostConfiguration
        configuration.logger = self.logger
        configuration.access = self.access
        configuration.isAccessColoured = Terminal.output.isColoured
        self.host = try Host(application, configuration: configuration)
    }

    /// Serves until a signal stops it, then ends the process: without destructors, since threads of modules may run.
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
            Banner(self.application, self.host, self.options).show(self.log, self.logger)
            for await _ in stopping { break }
            self.logger.info("stopping")
            try await self.host.stop()
            return 0
        } catch {
            self.logger.critical("\(error)")
            return 1
        }
    }

    private func leave(_ status: CInt) -> Never {
        self.run.remove()
        self.access?.flush()
        self.log.flush()
        _exit(status)
    }
}
