import NIOConcurrencyHelpers
import RoostDeployment

/// A start that is under way: who changes what is mounted waits for its end. [any]
final class HostStart: Sendable {
    private struct State {
        var isUnderWay = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Begins; says what is to be started: what comes later is not among it.
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

    /// Does this while no start is under way; false: one is, and it is not done.
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
