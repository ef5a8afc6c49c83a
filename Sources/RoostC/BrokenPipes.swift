import CLinux
import Glibc
import NIOConcurrencyHelpers

/// The disposition of SIGPIPE while hosts of `roost_start` and `roost_run` run.
///
/// With the default disposition, a client that disconnects would end the program. The signal is therefore ignored
/// while hosts run, unless the program has set another disposition; the last host that stops restores the default. It is
/// ignored by a handler: programs that a module executes would inherit SIG_IGN. SwiftNIO sets SIG_IGN when it makes the
/// first socket of the process, and `restoreHandler` restores the handler, also that of the program.
enum BrokenPipes {
    private struct State {
        var hosts = 0
        var before = sigaction()
    }

    private static let state = NIOLockedValueBox(State())

    /// Called before a host starts.
    static func ignore() {
        self.state.withLockedValue { state in
            state.hosts += 1
            guard state.hosts == 1 else { return }
            sigaction(SIGPIPE, nil, &state.before)
            if self.isDefault(state.before) { roost_signals_discard([SIGPIPE], 1) }
        }
    }

    /// Called when a host has started.
    static func restoreHandler() {
        self.state.withLockedValue { state in
            if self.isDefault(state.before) {
                roost_signal_unignore(SIGPIPE)
            } else {
                sigaction(SIGPIPE, &state.before, nil)
            }
        }
    }

    /// Called when a host has stopped, or its start has failed.
    static func giveBack() {
        self.state.withLockedValue { state in
            state.hosts -= 1
            // Unless the program has set another disposition since.
            guard state.hosts == 0, roost_signal_is_discarded(SIGPIPE) != 0 else { return }
            sigaction(SIGPIPE, &state.before, nil)
        }
    }

    /// SIG_DFL is 0.
    private static func isDefault(_ action: sigaction) -> Bool {
        withUnsafeBytes(of: action.__sigaction_handler) { $0.loadUnaligned(as: Int.self) } == 0
    }
}
