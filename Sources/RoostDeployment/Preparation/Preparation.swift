import CLinux
import Glibc
import NIOConcurrencyHelpers
package import RoostSystem

/// Looks at settings and files, on a thread of its own: a probe takes its time, and workers are not to wait for it. [any]
package final class Preparation: Sendable {
    /// What is looked at, and for whom.
    package struct Task: Sendable {
        /// Empty: something has happened in a drop-in folder, and only those are looked at.
        package var requests: [ReloadRequest] = []
        /// When it was begun, milliseconds of the monotonic clock.
        package var begun = 0

        package init(requests: [ReloadRequest] = [], begun: Int = 0) {
            self.requests = requests
            self.begun = begun
        }
    }

    package struct Outcome: Sendable {
        package let task: Task
        package let look: Result<Deployment.Look, HostError>
        /// By which it was found.
        package let deployment: Deployment
    }

    /// Readable when there is an outcome.
    package let descriptor: CInt
    private let end: CInt
    private struct State {
        var isRunning = false
        var outcome: Outcome?
    }
    private let state = NIOLockedValueBox(State())

    package init() {
        var ends: [CInt] = [-1, -1]
        // Without descriptors no worker can be started either, which is told then.
        _ = roost_pipe_make(&ends, 1)
        (self.descriptor, self.end) = (ends[0], ends[1])
    }

    /// Begins, when nothing is under way. `redeploy`: says what to look at, on that thread; `look` looks.
    package func begin(
        _ task: Task, _ redeploy: @escaping @Sendable () throws -> Deployment, or last: Deployment,
        _ look: @escaping @Sendable (Deployment) throws -> Deployment.Look
    ) {
        self.state.withLockedValue { $0.isRunning = true }
        let isStarted = DetachedThread.start {
            var deployment = last
            let found = Result<Deployment.Look, HostError>(catchingAsHostError: {
                deployment = try redeploy()
                return try look(deployment)
            })
            self.settle(Outcome(task: task, look: found, deployment: deployment))
        }
        guard !isStarted else { return }
        let error = HostError(code: .exhausted, message: "no thread to look at the files with")
        self.settle(Outcome(task: task, look: .failure(error), deployment: last))
    }

    private func settle(_ outcome: Outcome) {
        self.state.withLockedValue { $0.outcome = outcome }
        var byte: UInt8 = 1
        _ = write(self.end, &byte, 1)
    }

    package var isRunning: Bool { self.state.withLockedValue { $0.isRunning } }

    /// What came of it; nil: nothing yet.
    package func take() -> Outcome? {
        var byte: UInt8 = 0
        while read(self.descriptor, &byte, 1) == 1 {}
        return self.state.withLockedValue { state in
            guard let outcome = state.outcome else { return nil }
            state = State()
            return outcome
        }
    }
}
