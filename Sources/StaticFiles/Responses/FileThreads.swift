package import HTTPServer
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The threads that wait for the disk in place of the event loops; started when the first file is not in memory.
/// Thread-safe.
package final class FileThreads: Sendable {
    private struct State {
        var pool: NIOThreadPool?
        var isStopped = false
    }

    private let state = NIOLockedValueBox(State())
    private static let count = 4

    package init() {}

    /// Stops the threads when their work is done.
    package func stop() {
        let pool = self.state.withLockedValue { state in
            state.isStopped = true
            return state.pool
        }
        pool?.shutdownGracefully { _ in }
    }

    /// Runs `work` on a thread, and then `then` in a turn of the loop, also if the threads were stopped and have not done
    /// the work.
    func run(on loop: ServerLoop.Handle, _ work: @escaping @Sendable () -> Void, then: @escaping @Sendable () -> Void) {
        let pool = self.state.withLockedValue { state -> NIOThreadPool? in
            guard !state.isStopped else { return nil }
            if let pool = state.pool { return pool }
            let pool = NIOThreadPool(numberOfThreads: Self.count)
            pool.start()
            state.pool = pool
            return pool
        }
        let finish = { @Sendable in loop.eventLoop.execute { loop.bound.value.turn { then() } } }
        guard let pool else { return finish() }
        pool.submit { state in
            if case .active = state { work() }
            finish()
        }
    }
}
