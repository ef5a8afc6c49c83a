import Glibc
import NIOConcurrencyHelpers

/// The disposition of SIGPIPE while hosts of `roost_start` run.
///
/// With the default disposition, a client that disconnects would end the program. The signal is therefore ignored
/// while hosts run, unless the program has set another disposition; the last host that stops restores the default. A
/// handler of the program stays: SwiftNIO replaces it when it makes the first socket of the process, and
/// `restoreHandler` restores it.
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
            if self.isDefault(state.before) { signal(SIGPIPE, SIG_IGN) }
        }
    }

    /// Called when a host has started.
    static func restoreHandler() {
        self.state.withLockedValue { state in
            if !self.isDefault(state.before) { sigaction(SIGPIPE, &state.before, nil) }
        }
    }

    /// Called when a host has stopped, or its start has failed.
    static func giveBack() {
        self.state.withLockedValue { state in
            state.hosts -= 1
            var now = sigaction()
            sigaction(SIGPIPE, nil, &now)
            // Unless the program has set another disposition since.
            if state.hosts == 0, self.isIgnored(now) { sigaction(SIGPIPE, &state.before, nil) }
        }
    }

    private static func isDefault(_ action: sigaction) -> Bool { self.address(action) == 0 }
    private static func isIgnored(_ action: sigaction) -> Bool { self.address(action) == 1 }

    /// SIG_DFL is 0, SIG_IGN is 1.
    private static func address(_ action: sigaction) -> Int {
        withUnsafeBytes(of: action.__sigaction_handler) { $0.loadUnaligned(as: Int.self) }
    }
}
