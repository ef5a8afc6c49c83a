import CLinux
import Glibc
package import Logging
import NIOConcurrencyHelpers

/// Signal handling for a process without a supervisor's loop: handlers catch signals, and a thread acts on them.
/// Children that a module executes get default signal handling. A module's own handlers may replace these. [any]
package enum SignalThread {
    /// Installs a handler that does nothing for these signals, until the process can act on them or for good.
    package static func drop(_ numbers: [CInt]) { roost_signals_discard(numbers, CInt(numbers.count)) }

    /// Replaces an ignored `SIGPIPE` (SIG_IGN) by a handler that does nothing. NIO ignores `SIGPIPE` from its first
    /// socket on, and a module's child would inherit that.
    package static func restorePipeSignal() { roost_signal_unignore(SIGPIPE) }

    /// Calls `heard` on a separate thread for each of these signals, for the life of the process. Must be called at
    /// most once per process. Throws `HostError`.
    package static func listen(_ numbers: [CInt], _ heard: @escaping @Sendable (CInt) -> Void) throws {
        let descriptor = roost_signals_catch(numbers, CInt(numbers.count))
        guard descriptor >= 0 else {
            throw HostError(code: .exhausted, message: "cannot receive signals: \(String(cString: strerror(errno)))")
        }
        let isListening = DetachedThread.start {
            var number: UInt8 = 0
            while true {
                let count = read(descriptor, &number, 1)
                if count == 1 { heard(CInt(number)) }
                guard count == 1 || (count < 0 && errno == EINTR) else { return }
            }
        }
        guard isListening else { throw HostError(code: .exhausted, message: "cannot start a thread for signals") }
    }
}

/// Logs ignored signals: each number once, since some arrive by the thousand. [any]
package final class IgnoredSignals: Sendable {
    private let logged = NIOLockedValueBox<Set<CInt>>([])
    private let logger: Logger

    package init(_ logger: Logger) { self.logger = logger }

    package func log(_ number: CInt, because reason: String = "it has no effect here") {
        guard self.logged.withLockedValue({ $0.insert(number).inserted }) else { return }
        self.logger.log(.signalIgnored, ["signal": "\(SignalName(number))", "reason": "\(reason)"])
    }
}
