import HTTPServer
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The threads that wait for the disk in place of the event loops; started when the first file is not in memory.
/// Thread-safe.
package final class FileThreads: Sendable {
    private struct State {
        var pool: NIOThreadPool?
        var isStopped = false
        /// Pieces of work that wait or are being done.
        var count = 0
    }

    private let state = NIOLockedValueBox(State())
    private static let count = 4
    /// Maximum number of pieces of work; above it `then` is called without the work.
    private static let maxWork = 1024

    package init() {}

    /// Stops the threads, and waits until their work is done.
    package func stop() async {
        let pool = self.state.withLockedValue { state in
            state.isStopped = true
            return state.pool
        }
        // Fails only if it is already stopped.
        try? await pool?.shutdownGracefully()
    }

    /// Runs `work` on a thread, and then `then` in a turn of the loop. `then` follows also if the work is not done, since
    /// the threads were stopped, or too much waits for them.
    func run(on loop: ServerLoop.Handle, _ work: @escaping @Sendable () -> Void, then: @escaping @Sendable () -> Void) {
        let pool = self.state.withLockedValue { state -> NIOThreadPool? in
            guard !state.isStopped, state.count < Self.maxWork else { return nil }
            state.count += 1
            if let pool = state.pool { return pool }
            let pool = NIOThreadPool(numberOfThreads: Self.count)
            pool.start()
            state.pool = pool
            return pool
        }
        let finish = { @Sendable in loop.eventLoop.execute { loop.bound.value.turn { then() } } }
        guard let pool else { return finish() }
        pool.submit { [state = self.state] activity in
            if case .active = activity { work() }
            state.withLockedValue { $0.count -= 1 }
            finish()
        }
    }
}
