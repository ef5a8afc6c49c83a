import Glibc

/// The meaning of a signal to a `roost` process: one table for all processes.
package enum SignalMeaning: Sendable, Equatable {
    /// Graceful shutdown; a second signal ends the process at once.
    case stop
    case reload
    case reopenLogs
    case moreWorkers
    case fewerWorkers
    /// A child has exited.
    case child
    /// The signal is only logged.
    case ignored
    /// The system's default: the signal ends, stops or continues the process, or does nothing.
    case system

    package init(_ number: CInt) {
        self =
            switch number {
            case SIGTERM, SIGINT, SIGQUIT: .stop
            case SIGHUP: .reload
            case SIGUSR1: .reopenLogs
            case SIGTTIN: .moreWorkers
            case SIGTTOU: .fewerWorkers
            case SIGCHLD: .child
            case let number where Self.ignorable.contains(number): .ignored
            default: .system
            }
    }

    /// Signals that would end the process without a log line: signals that other software uses for its own purposes,
    /// and real-time signals.
    package static let ignorable: [CInt] =
        [SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR, SIGSTKFLT, SIGXFSZ]
        + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())

    /// Every signal that has a meaning here, except SIGCHLD.
    package static let all: [CInt] =
        [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGTTIN, SIGTTOU] + Self.ignorable
}
