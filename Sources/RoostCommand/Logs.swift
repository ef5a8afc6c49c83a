import Glibc
import Logging
import Roost

/// Where a process of `roost` writes: standard error for the log, standard output for the line of each request.
struct Logs: Sendable {
    let log: LineWriter
    let access: LineWriter?
    let logger: Logger

    init(_ options: ServeOptions, isErrorColoured: Bool) {
        let log = LineWriter(descriptor: 2)
        self.log = log
        self.access = options.accessLog ? LineWriter(descriptor: 1) : nil
        self.logger = Logger(label: "roost") { _ in
            LineLogHandler(level: options.logLevel.level, writer: log, isColoured: isErrorColoured)
        }
    }

    /// What the options ask for, with these logs.
    func configuration(_ options: ServeOptions) -> HostConfiguration {
        var configuration = options.hostConfiguration
        configuration.logger = self.logger
        configuration.access = self.access
        configuration.isAccessColoured = Terminal.output.isColoured
        return configuration
    }

    func flush() {
        self.access?.flush()
        self.log.flush()
    }

    /// Ends the process: without destructors, since threads of modules may run.
    func leave(_ status: CInt) -> Never {
        self.flush()
        Worker.leave(status)
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
