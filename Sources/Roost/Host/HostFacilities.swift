import CASGI
import Synchronization

/// What a host has for its applications: loops, threads to block on, a thread that waits for descriptors. [any]
final class HostFacilities: Sendable {
    /// In the order of their numbers.
    let mailboxes: [Mailbox]
    let pool: BlockingPool
    let poll = DescriptorPoll()
    /// Bytes of broadcasts that wait in mailboxes.
    let broadcastBytes = Atomic<Int>(0)
    /// `asgi.loop/1`; lives as long as the process.
    nonisolated(unsafe) let loopExtension: UnsafePointer<asgi_loop>
    /// `asgi.broadcast/1`; lives as long as the process.
    nonisolated(unsafe) let broadcastExtension: UnsafePointer<asgi_broadcast>

    let viewLimits: ViewLimits
    /// `asgi.shutdown/1`; lives as long as the process.
    nonisolated(unsafe) let shutdownExtension = HostTable.makeShutdownExtension()
    private let isStopped = Atomic<Bool>(false)

    init(mailboxes: [Mailbox], configuration: HostConfiguration) {
        self.mailboxes = mailboxes
        self.viewLimits = configuration.views
        self.pool = BlockingPool(threads: configuration.blockingThreads, queue: configuration.blockingQueue)
        self.loopExtension = HostTable.makeLoopExtension(loops: mailboxes.count)
        self.broadcastExtension = BroadcastTable.make(groups: configuration.groups)
    }

    /// Whether the stop has been announced.
    var isStopping: Bool { self.isStopped.load(ordering: .sequentiallyConsistent) }

    /// Tells applications that asked for it that the host stops: those who wait on this loop, which has.
    func announceStop(on loop: Int) {
        self.isStopped.store(true, ordering: .sequentiallyConsistent)
        self.mailboxes[loop].waits.hastenNotices()
    }

    /// Lets the threads go. Nothing is posted to the loops any more.
    func stop() {
        self.pool.stop()
        self.poll.stop()
        for mailbox in self.mailboxes { mailbox.door.close() }
    }
}
