import CLinux
import Glibc
import NIOConcurrencyHelpers

/// Looks at the settings and the file anew, on a thread of its own: a probe takes its time, and workers are not to wait for it. [any]
final class ReloadPreparation: Sendable {
    typealias Outcome = Result<PreparedApplication, HostError>

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

    /// Begins; false: it is under way already.
    func begin(_ request: PreparedApplication.Request, _ run: RunDirectory) -> Bool {
        let begins = self.state.withLockedValue { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard begins else { return false }
        let isStarted = DetachedThread.start {
            do {
                self.settle(.success(try PreparedApplication(request, run: run)))
            } catch let error as HostError {
                self.settle(.failure(error))
            } catch { self.settle(.failure(HostError(code: .module, message: "\(error)"))) }
        }
        if !isStarted { self.settle(.failure(HostError(code: .exhausted, message: "no thread for a reload"))) }
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
