import CLinux
import Glibc
import NIOConcurrencyHelpers

/// Looks at settings and files, on a thread of its own: a probe takes its time, and workers are not to wait for it. [any]
final class Preparation: Sendable {
    /// What was found, and for whom.
    struct Outcome: Sendable {
        let cause: Cause
        let look: Result<Deployment.Look, HostError>
        /// By which it was found.
        let deployment: Deployment
    }

    enum Cause: Sendable {
        /// Everything is to be looked at anew.
        case reload
        /// Something has happened in a drop-in folder.
        case folder
    }

    /// Readable when there is an outcome.
    let descriptor: CInt
    private let end: CInt
    private struct State {
        var isRunning = false
        var outcome: Outcome?
    }
    private let state = NIOLockedValueBox(State())

    init() {
        var ends: [CInt] = [-1, -1]
        // Without descriptors no worker can be started either, which is told then.
        _ = roost_pipe_make(&ends, 1)
        (self.descriptor, self.end) = (ends[0], ends[1])
    }

    /// Begins; false: something is under way already. `redeploy`: says what to look at, on that thread; `look` looks.
    func begin(
        _ cause: Cause, _ redeploy: @escaping @Sendable () throws -> Deployment, or last: Deployment,
        _ look: @escaping @Sendable (Deployment) throws -> Deployment.Look
    ) -> Bool {
        let begins = self.state.withLockedValue { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard begins else { return false }
        let isStarted = DetachedThread.start {
            var deployment = last
            do {
                deployment = try redeploy()
                self.settle(Outcome(cause: cause, look: .success(try look(deployment)), deployment: deployment))
            } catch {
                let error = error as? HostError ?? HostError(code: .module, message: "\(error)")
                self.settle(Outcome(cause: cause, look: .failure(error), deployment: deployment))
            }
        }
        if !isStarted {
            let error = HostError(code: .exhausted, message: "no thread to look at the files with")
            self.settle(Outcome(cause: cause, look: .failure(error), deployment: last))
        }
        return true
    }

    private func settle(_ outcome: Outcome) {
        self.state.withLockedValue { $0.outcome = outcome }
        var byte: UInt8 = 1
        _ = write(self.end, &byte, 1)
    }

    var isRunning: Bool { self.state.withLockedValue { $0.isRunning } }

    /// What came of it; nil: nothing yet.
    func take() -> Outcome? {
        var byte: UInt8 = 0
        while read(self.descriptor, &byte, 1) == 1 {}
        return self.state.withLockedValue { state in
            guard let outcome = state.outcome else { return nil }
            state = State()
            return outcome
        }
    }
}
