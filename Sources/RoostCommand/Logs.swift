import Glibc
import Logging
import Roost
import RoostSystem
import Supervision

/// Where a process of `roost` writes: standard error for the log, standard output for the line of each request.
struct Logs: Sendable {
    let log: LineWriter
    let access: LineWriter?
    let logger: Logger
    /// Nil: the process ends without its exit handlers.
    private let end: ProcessEnd?

    init(_ options: ServerOptions, isErrorColoured: Bool) {
        let log = LineWriter(descriptor: 2)
        self.log = log
        self.end = options.process.runsExitHandlers ? ProcessEnd() : nil
        self.access = options.process.logsAccess ? LineWriter(descriptor: 1) : nil
        self.logger = Logger(label: "roost") { _ in
            LineLogHandler(level: options.process.logLevel, writer: log, isColoured: isErrorColoured)
        }
    }

    /// What the options ask for, with these logs.
    func configuration(_ options: ServerOptions) -> HostConfiguration {
        var configuration = options.host
        configuration.logger = self.logger
        configuration.access = self.access
        configuration.isAccessColoured = Terminal.output.isColoured
        return configuration
    }

    /// Opens the files of the log anew, as whoever has moved them away asks (`SIGUSR1`). There are none yet: the log goes where the process was
    /// started with.
    func reopen() {
        self.logger.info("no log files to reopen: the log goes to standard error, requests to standard output")
    }

    func flush() {
        self.access?.flush()
        self.log.flush()
    }

    /// Ends the process: without exit handlers and destructors, since threads of modules may run; with them when everything has been shut down
    /// (`isComplete`) and `--exit-handlers` asks for it.
    func leave(_ status: CInt, isComplete: Bool = false) -> Never {
        self.flush()
        if isComplete, let end { end.exit(status) }
        Worker.exit(status)
    }

    /// Waits for the end of the process; for the main thread, while others serve.
    func waitForEnd() -> Never {
        if let end { end.wait() }
        while true { pause() }
    }

    /// Ends the process when the time of its stop is over, whatever is left.
    func leave(after seconds: Int) {
        let isArmed = DetachedThread.start {
            sleep(UInt32(clamping: seconds))
            self.logger.error("not everything had ended within \(seconds) seconds (--timeout-stop)")
            self.leave(1)
        }
        if !isArmed { self.logger.warning("no thread for the last limit of the stop: it has none") }
    }
}
