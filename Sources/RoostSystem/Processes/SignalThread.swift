import CLinux
import Glibc
package import Logging
import NIOConcurrencyHelpers

/// The signals of a process that has no supervisor's loop: handlers catch them, a thread acts on them. Children that a module executes get the
/// system's handling, and a module's own handlers may take the place of these. [any]
package enum SignalThread {
    /// Has these signals do nothing: until the process can act on them, or for good.
    package static func drop(_ numbers: [CInt]) { roost_signals_drop(numbers, CInt(numbers.count)) }

    /// Has `SIGPIPE` do nothing where it is ignored, as NIO has it from its first socket on: a child of a module would ignore it as well.
    package static func restorePipeSignal() { roost_signal_unignore(SIGPIPE) }

    /// Calls `heard` on a thread of its own for each of these signals that comes, for the life of the process. Once a process. Throws `HostError`.
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

/// Logs signals that are ignored: each of them once, since some come by the thousand. [any]
package final class IgnoredSignals: Sendable {
    private let logged = NIOLockedValueBox<Set<CInt>>([])
    private let logger: Logger

    package init(_ logger: Logger) { self.logger = logger }

    package func log(_ number: CInt, because reason: String = "it has no effect here") {
        guard self.logged.withLockedValue({ $0.insert(number).inserted }) else { return }
        self.logger.log(.signalIgnored, ["signal": "\(SignalName(number))", "reason": "\(reason)"])
    }
}
