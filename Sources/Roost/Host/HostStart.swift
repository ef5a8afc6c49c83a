import NIOConcurrencyHelpers
import RoostDeployment

/// Tracks whether the host is starting; changes of the mounted applications wait for the end of the start. Thread-safe.
final class HostStart: Sendable {
    private struct State {
        var isUnderWay = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Begins the start. Returns the applications to start; later ones are not part of it.
    func start(_ applications: NIOLockedValueBox<[DeployedApplication]>) -> [DeployedApplication] {
        self.state.withLockedValue { state in
            state.isUnderWay = true
            return applications.withLockedValue { $0 }
        }
    }

    func end() {
        let waiting = self.state.withLockedValue { state in
            defer { state = State() }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Runs the closure and returns its result unless the host is starting; then returns false.
    func unlessUnderWay(_ body: () -> Bool) -> Bool {
        self.state.withLockedValue { $0.isUnderWay ? false : body() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = self.state.withLockedValue { state in
                if state.isUnderWay { state.waiting.append(continuation) }
                return !state.isUnderWay
            }
            if isOver { continuation.resume() }
        }
    }
}
