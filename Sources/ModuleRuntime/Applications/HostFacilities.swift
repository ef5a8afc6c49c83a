import CASGI
import Synchronization

/// What a host has for its applications: loops, threads to block on, a thread that waits for descriptors. [any]
package final class HostFacilities: Sendable {
    /// In the order of their numbers.
    package let mailboxes: [Mailbox]
    package let pool: BlockingPool
    let poll = DescriptorPoll()
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

    /// Whether the stop has been announced.
    package var isStopping: Bool { self.isStopped.load(ordering: .sequentiallyConsistent) }

    /// Tells applications that asked for it that the host stops: those who wait on this loop, which has.
    package func announceStop(on loop: Int) {
        self.isStopped.store(true, ordering: .sequentiallyConsistent)
        self.mailboxes[loop].waits.hastenNotices()
    }

    /// Lets the threads go. Nothing is posted to the loops any more.
    package func stop() {
        self.pool.stop()
        self.poll.stop()
        for mailbox in self.mailboxes { mailbox.gate.close() }
    }
}
