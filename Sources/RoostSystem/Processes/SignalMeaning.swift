import Glibc

/// What a signal means to a process of `roost`: the one table for all of them.
package enum SignalMeaning: Sendable, Equatable {
    /// A graceful stop; a second one: at once.
    case stop
    case reload
    case reopenLogs
    case moreWorkers
    case fewerWorkers
    /// A child has ended.
    case child
    /// Nothing but a line in the log.
    case ignored
    /// The system's: it ends, stops or continues the process, or nothing happens.
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

    /// Signals that would end the process without a word: what others send for their own purposes, and real-time signals.
    package static let ignorable: [CInt] =
        [SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR, SIGSTKFLT, SIGXFSZ]
        + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())

    /// Every signal that has a meaning here, but for the end of a child.
    package static let all: [CInt] =
        [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGTTIN, SIGTTOU] + Self.ignorable
}
