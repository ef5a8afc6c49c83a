import CLinux
package import NIOCore
import NIOPosix
import RoostSystem

/// The event loops of a host, each with a thread of its own; the first may run on the thread of a caller. Thread-safe.
package final class EventLoops: Sendable {
    let all: [any EventLoop]
    private let callers: (any EventLoop)?
    /// Nil if the caller's loop is the only one.
    private let group: MultiThreadedEventLoopGroup?

    /// `callers`: the loop of a caller's thread (`onThisThread`), which is one of the `threads`.
    init(threads: Int, callers: (any EventLoop)? = nil) {
        let others = threads - (callers == nil ? 0 : 1)
        self.callers = callers
        self.group = others > 0 ? MultiThreadedEventLoopGroup(numberOfThreads: others) : nil
        self.all = (callers.map { [$0] } ?? []) + (self.group.map { Array($0.makeIterator()) } ?? [])
    }

    /// Ends the threads. The caller's thread returns from `onThisThread`.
    func shutDown() async throws {
        do { try await self.group?.shutdownGracefully() } catch {
            self.releaseCaller()
            throw error
        }
        if let callers { try await Self.end(callers) }
    }

    /// Lets the caller's thread return as soon as it can, without waiting for it.
    func releaseCaller() { self.callers?.shutdownGracefully { _ in } }

    /// Turns the calling thread into an event loop until the loop is ended: by a host that was started with it, or by
    /// `end`. Calls `body` on the loop.
    package static func onThisThread(_ body: @escaping (any EventLoop) -> Void) {
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop(body)
        // The thread is no event loop any more.
        roost_set_current_loop(nil)
    }

    /// Ends a loop of `onThisThread` that no host uses.
    package static func end(_ loop: any EventLoop) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            loop.shutdownGracefully { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }
}
