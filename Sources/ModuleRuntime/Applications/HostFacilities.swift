import CASGI
import Synchronization

/// The resources that a host provides to its applications: loops, and threads that may block. Thread-safe.
package final class HostFacilities: Sendable {
    /// The mailboxes of the loops, by the loop's number.
    package let mailboxes: [Mailbox]
    package let pool: BlockingPool
    /// Bytes of broadcasts that wait in mailboxes.
    let broadcastBytes = Atomic<Int>(0)
    /// `asgi.loop/1`; lives as long as the process.
    // SAFETY: the table is constant once made.
    nonisolated(unsafe) let loopExtension: UnsafePointer<asgi_loop>
    /// `asgi.broadcast/1`; lives as long as the process.
    // SAFETY: the table is constant once made.
    nonisolated(unsafe) let broadcastExtension: UnsafePointer<asgi_broadcast>

    let viewLimits: ViewLimits
    /// `asgi.shutdown/1`; lives as long as the process.
    // SAFETY: the table is constant once made.
    nonisolated(unsafe) let shutdownExtension = HostTable.makeShutdownExtension()
    private let isStopped = Atomic<Bool>(false)

    /// `threads`, `queue`: limits of the blocking pool. `groups`: limit of broadcast groups per WebSocket.
    package init(mailboxes: [Mailbox], threads: Int, queue: Int, groups: Int, views: ViewLimits) {
        self.mailboxes = mailboxes
        self.viewLimits = views
        self.pool = BlockingPool(threads: threads, queue: queue)
        self.loopExtension = HostTable.makeLoopExtension(loops: mailboxes.count)
        self.broadcastExtension = BroadcastTable.make(groups: groups)
    }

    /// Whether the shutdown of the host has been announced.
    package var isStopping: Bool { self.isStopped.load(ordering: .sequentiallyConsistent) }

    /// Announces the host's shutdown to the applications that asked to be notified. Called on the loop, for its waits.
    package func announceStop(on loop: Int) {
        self.isStopped.store(true, ordering: .sequentiallyConsistent)
        self.mailboxes[loop].waits.completeNotices()
    }

    /// Ends the threads. Nothing can be posted to the loops afterwards.
    package func stop() {
        self.pool.stop()
        for mailbox in self.mailboxes { mailbox.close() }
    }
}
