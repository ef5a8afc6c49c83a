import CASGI
import Synchronization

/// Where the scopes of a slot live: on a loop, or without one on an application's control thread.
struct ScopeHome {
    /// The loop, as `roost_current_loop` names it; nil: a control thread.
    let loop: UnsafeRawPointer?
    /// Where calls for the loop go. Lives as long as the process.
    let mailbox: Unmanaged<Mailbox>?
}

/// Whether there is a client for what a scope sends.
enum Audience: UInt8, AtomicRepresentable {
    case waits
    /// The response is complete.
    case served
    /// The client is gone, or the WebSocket closed.
    case gone
}

/// A place in the table: what every thread may ask about a scope, and the protocol by which threads keep its memory.
///
/// States of a slot, as its home (the loop) sees them. Only the home moves a slot on, but for the end, which any thread may cause:
///
///     free --open--> open --end--> ended --recycle--> free
///                     |              |  ^
///                     |              v  |  held or jobs: leaving; a drain of the mailbox looks again
///                     |            leaving
///                     +-- announce, complete, beginJob, endJob: other threads
///
/// The protocol. Each line is one atomic operation, sequentially consistent; `held`, `ordered` and `jobs` count.
///
///     caller with an id              home                              job with an id
///     1  held += 1                   a  end: open = 0                  announce: 1, 2
///     2  open == id?                 b  recycle: held == 0?            5  jobs += 1
///        no: held -= 1, STALE        c        jobs == 0?               6  held -= 1
///     3  ordered += 1                   both: recycle the slot         7  run
///        put the call in the mailbox    else: leaving                  8  jobs -= 1
///     4  home: perform it,              held: wake                     9  open == id?
///        ordered -= 1, held -= 1                                          no: wake
///
/// - 1 before 2, and a before b: either the home sees `held`, or the caller sees that the scope is over. So no slot is recycled under a caller
///   that was not turned away.
/// - 5 before 6, and b before c: either the home sees `held` or it sees `jobs`.
/// - A caller that is turned away leaves nothing in the mailbox; for it the home wakes its own mailbox when it finds `held`. A job
///   that ends after its scope wakes it too (8 before 9, a before c). So every slot that is leaving is looked at again.
/// - `ordered` is at least the number of ordered calls in the mailbox: a call on the loop that finds 0 overtakes none.
///
/// `ScopeSlotTests` plays all orders of these operations.
struct ScopeSlot: ~Copyable {
    let number: Int
    let home: ScopeHome
    /// The id while the scope is open; 0: it is not.
    let open = Atomic<UInt64>(0)
    /// Calls in the mailbox that calls on the loop must not overtake.
    let ordered = Atomic<Int>(0)
    /// Calls in the mailbox, or on their way into it: the scope keeps its memory.
    let held = Atomic<Int>(0)
    /// Timers and watches that have neither completed nor been cancelled: the scope keeps its memory.
    let waits = Atomic<Int>(0)
    /// Jobs on the blocking pool, and views on other threads, that have not returned: the scope keeps its memory.
    let jobs = Atomic<Int>(0)
    /// Bytes that other threads have sent and the client's connection has not taken yet.
    let underWay = Atomic<Int>(0)
    /// Whether there is still a client for what the scope sends.
    let audience = Atomic<Audience>(.waits)
    /// A queued call turned out to be misuse: the next call gets ASGI_INVALID.
    let isFaulty = Atomic<Bool>(false)
    /// The address of the scope's `roost_view`; 0: the scope was not given to a view yet.
    let view = Atomic<UInt>(0)
    /// The generation, unretained: generations live as long as the process.
    let generation = Atomic<UInt>(0)
    /// The scope itself; for the home only.
    var scope: Unmanaged<Scope>?
    var lifespan: Unmanaged<Lifespan>?
    private var count: UInt64 = 0

    init(number: Int, home: ScopeHome) {
        self.number = number
        self.home = home
    }

    /// Opens the slot for a new scope and returns its id. On its home.
    @inline(__always)
    mutating func open(for generation: Generation) -> asgi_id {
        // 40 bits of count: at a million scopes a second a slot that is used 1,024 times less often lasts for ages.
        self.count = (self.count + 1) & (1 << 40 - 1)
        if self.count == 0 { self.count = 1 }
        let id = self.count << UInt64(ScopeTable.slotBits) | UInt64(self.number)
        self.generation.store(UInt(bitPattern: Unmanaged.passUnretained(generation).toOpaque()), ordering: .relaxed)
        self.audience.store(.waits, ordering: .relaxed)
        self.isFaulty.store(false, ordering: .relaxed)
        self.underWay.store(0, ordering: .relaxed)
        // No other thread knows the id before the module does.
        self.open.store(id, ordering: .releasing)
        return id
    }

    /// Whether this id is open. [any]
    @inline(__always)
    func isOpen(_ id: asgi_id) -> Bool { self.open.load(ordering: .acquiring) == id }

    /// The same, ordered with the operations of the protocol. [any]
    func isCertainlyOpen(_ id: asgi_id) -> Bool { self.open.load(ordering: .sequentiallyConsistent) == id }

    /// Ends the id; false: it had been ended. [any]
    @inline(__always)
    func end(_ id: asgi_id) -> Bool {
        self.open.compareExchange(expected: id, desired: 0, ordering: .sequentiallyConsistent).exchanged
    }

    /// The generation of an open id. [any]
    func generation(of id: asgi_id) -> Generation? { self.unretainedGeneration(of: id)?.takeUnretainedValue() }

    /// The same without counting references, for calls that every request makes.
    @inline(__always)
    func unretainedGeneration(of id: asgi_id) -> Unmanaged<Generation>? {
        guard self.isOpen(id) else { return nil }
        let address = self.generation.load(ordering: .acquiring)
        // Read again: the slot may have been given to another scope between the two.
        guard self.isOpen(id), let pointer = UnsafeRawPointer(bitPattern: address) else { return nil }
        return Unmanaged<Generation>.fromOpaque(pointer)
    }

    /// The generation of the scope that the slot has, or had last. [any]
    var lastGeneration: Generation? {
        UnsafeRawPointer(bitPattern: self.generation.load(ordering: .acquiring))
            .map { Unmanaged<Generation>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: The protocol

    /// Announces a call from another thread; false: the scope is over, and nothing was announced. [any]
    func announce(_ id: asgi_id, ordered: Bool) -> Bool {
        self.held.add(1, ordering: .sequentiallyConsistent)
        guard self.isCertainlyOpen(id) else {
            self.held.subtract(1, ordering: .sequentiallyConsistent)
            return false
        }
        if ordered { self.ordered.add(1, ordering: .sequentiallyConsistent) }
        return true
    }

    /// Records that an announced call has been performed.
    func complete(ordered: Bool) {
        if ordered { self.ordered.subtract(1, ordering: .sequentiallyConsistent) }
        self.held.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Announces work on another thread that may take long; false: the scope is over, and nothing was announced. [any]
    func beginJob(_ id: asgi_id) -> Bool {
        guard self.announce(id, ordered: false) else { return false }
        self.jobs.add(1, ordering: .sequentiallyConsistent)
        self.complete(ordered: false)
        return true
    }

    /// Records that the work has returned. [any]
    func endJob(_ id: asgi_id) {
        let mailbox = self.home.mailbox
        self.jobs.subtract(1, ordering: .sequentiallyConsistent)
        if !self.isCertainlyOpen(id) { mailbox?._withUnsafeGuaranteedRef { $0.wake() } }
    }

    /// Announces that `application` has returned, which the scope is told even if it has ended. Its job has kept it so far.
    func announceReturn() {
        self.held.add(1, ordering: .sequentiallyConsistent)
        self.ordered.add(1, ordering: .sequentiallyConsistent)
    }

    /// Whether calls are announced. The home asks this before `hasJobs`.
    @inline(__always)
    var isHeld: Bool { self.held.load(ordering: .sequentiallyConsistent) != 0 }

    /// Whether jobs have not returned.
    @inline(__always)
    var hasJobs: Bool { self.jobs.load(ordering: .sequentiallyConsistent) != 0 }
}
