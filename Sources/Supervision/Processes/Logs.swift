import Glibc
package import Logging
package import Roost
import RoostSystem

/// The logs of a process of `roost`: messages go to standard error, the access log to standard output.
package struct Logs: Sendable {
    package let log: LineWriter
    package let access: LineWriter?
    package let logger: Logger
    /// Nil if the process exits without exit handlers.
    private let end: ProcessEnd?

    package init(_ options: ServerOptions, isErrorColoured: Bool) {
        let log = LineWriter(descriptor: 2)
        self.log = log
        self.end = options.process.runsExitHandlers ? ProcessEnd() : nil
        self.access = options.process.logsAccess ? LineWriter(descriptor: 1) : nil
        self.logger = Logger(label: "roost") { _ in
            LineLogHandler(
                level: options.process.logLevel, writer: log, format: options.host.logFormat,
                isColoured: isErrorColoured)
        }
    }

    /// Returns the host's configuration from the options, with these logs.
    package func configuration(_ options: ServerOptions) -> HostConfiguration {
        var configuration = options.host
        configuration.logger = self.logger
        configuration.access = self.access
        configuration.isAccessColoured = options.process.isColoured(.output)
        return configuration
    }

    /// Handles `SIGUSR1`, which asks to reopen log files. There are none, since logs go to the standard streams.
    package func reopen() {
        self.logger.log(.noLogFiles)
    }

    package func flush() {
        self.access?.flush()
        self.log.flush()
    }

    /// Flushes the logs and exits. Exit handlers and destructors are skipped, since threads of modules may still run.
    /// They run if everything has been shut down (`isComplete`) and `--exit-handlers` is set.
    package func exit(_ status: CInt, isComplete: Bool = false) -> Never {
        self.flush()
        if isComplete, let end { end.exit(status) }
        Worker.exit(status)
    }

    /// Blocks the main thread until the process exits.
    package func waitForEnd() -> Never {
        if let end { end.wait() }
        while true { pause() }
    }

    /// Exits after this time even if the shutdown is not complete.
    package func exit(after seconds: Int) {
        let isArmed = DetachedThread.start {
            sleep(UInt32(clamping: seconds))
            self.logger.log(.stopTimedOut, ["seconds": "\(seconds)"])
            self.exit(1)
        }
        if !isArmed { self.logger.log(.stopNotLimited) }
    }
}
