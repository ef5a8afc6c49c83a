import CASGI
import Synchronization

/// Where the scopes of a slot live: on a loop, or on an application's control thread.
struct ScopeHome {
    /// The loop, as returned by `roost_current_loop`; nil for a control thread.
    let loop: UnsafeRawPointer?
    /// The mailbox of the loop. Lives as long as the process.
    let mailbox: Unmanaged<Mailbox>?
}

/// Whether the client still waits for what a scope sends.
enum Audience: UInt8, AtomicRepresentable {
    case waits
    /// The response is complete.
    case served
    /// The client has disconnected, or the WebSocket is closed.
    case gone
}

/// A slot of the table: the state of a scope that every thread may read, and the protocol by which threads keep the
/// scope's memory.
///
/// States of a slot, as its home (the loop) sees them. Only the home changes the state, except that any thread may end
/// the scope:
///
///     free --open--> open --end--> ended --recycle--> free
///                     |              |  ^
///                     |              v  |  held or jobs: leaving; checked again at each drain of the mailbox
///                     |            leaving
///                     +-- announce, complete, beginJob, endJob: other threads
///
/// The protocol. Each line is one atomic operation, sequentially consistent. `held`, `ordered` and `jobs` are counters.
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
/// - 1 precedes 2, and a precedes b: either the home sees `held`, or the caller sees that the scope has ended. So no
///   slot is recycled while a caller that was not refused still uses it.
/// - 5 precedes 6, and b precedes c: the home sees `held` or `jobs`.
/// - A refused caller leaves nothing in the mailbox, so the home wakes its own mailbox when it finds `held`. A job that
///   returns after its scope has ended wakes it too (8 precedes 9, a precedes c). Every leaving slot is therefore
///   checked again.
/// - `ordered` is at least the number of ordered calls in the mailbox: a call on the loop that reads 0 overtakes none.
///
/// `ScopeSlotTests` runs all interleavings of these operations.
struct ScopeSlot: ~Copyable {
    let number: Int
    let home: ScopeHome
    /// The id while the scope is open, otherwise 0.
    let open = Atomic<UInt64>(0)
    /// The number of calls in the mailbox that calls on the loop must not overtake.
    let ordered = Atomic<Int>(0)
    /// The number of calls in the mailbox or on their way into it. The scope keeps its memory while there are any.
    let held = Atomic<Int>(0)
    /// The number of timers, watches and notices that have neither completed nor been cancelled. The scope keeps its
    /// memory while there are any.
    let waits = Atomic<Int>(0)
    /// The number of jobs on the blocking pool, and of views on other threads, that have not returned. The scope keeps
    /// its memory while there are any.
    let jobs = Atomic<Int>(0)
    /// Bytes that other threads have sent and that the client's connection has not accepted yet.
    let underWay = Atomic<Int>(0)
    /// Whether the client still waits for what the scope sends.
    let audience = Atomic<Audience>(.waits)
    /// Whether a queued call was found invalid. The next call from another thread then gets ASGI_INVALID.
    let isFaulty = Atomic<Bool>(false)
    /// The address of the scope's `roost_view`; 0 until the scope is given to a view.
    let view = Atomic<UInt>(0)
    /// The address of the generation, unretained: generations live as long as the process.
    let generation = Atomic<UInt>(0)
    /// The scope; used by the home only.
    var scope: Unmanaged<Scope>?
    var lifespan: Unmanaged<Lifespan>?
    private var count: UInt64 = 0

    init(number: Int, home: ScopeHome) {
        self.number = number
        self.home = home
    }

    /// Opens the slot for a new scope and returns its id. Called on the slot's home.
    @inline(__always)
    mutating func open(for generation: Generation) -> asgi_id {
        // A count of 40 bits lasts for 35 years at a million scopes a second in the 1,024 slots of a chunk.
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

    /// Whether this id is open. Thread-safe.
    @inline(__always)
    func isOpen(_ id: asgi_id) -> Bool { self.open.load(ordering: .acquiring) == id }

    /// The same, but sequentially consistent, as the protocol requires. Thread-safe.
    func isCertainlyOpen(_ id: asgi_id) -> Bool { self.open.load(ordering: .sequentiallyConsistent) == id }

    /// Ends the id. Returns false if it had already ended. Thread-safe.
    @inline(__always)
    func end(_ id: asgi_id) -> Bool {
        self.open.compareExchange(expected: id, desired: 0, ordering: .sequentiallyConsistent).exchanged
    }

    /// The generation of an id, or nil if the id is not open. Thread-safe.
    func generation(of id: asgi_id) -> Generation? { self.unretainedGeneration(of: id)?.takeUnretainedValue() }

    /// The same without reference counting, for calls that every request makes.
    @inline(__always)
    func unretainedGeneration(of id: asgi_id) -> Unmanaged<Generation>? {
        guard self.isOpen(id) else { return nil }
        let address = self.generation.load(ordering: .acquiring)
        // Checked again, since the slot may have been given to another scope in between.
        guard self.isOpen(id), let pointer = UnsafeRawPointer(bitPattern: address) else { return nil }
        return Unmanaged<Generation>.fromOpaque(pointer)
    }

    /// The generation of the slot's current or last scope. Thread-safe.
    var lastGeneration: Generation? {
        UnsafeRawPointer(bitPattern: self.generation.load(ordering: .acquiring))
            .map { Unmanaged<Generation>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: The protocol

    /// Announces a call from another thread. Returns false, and announces nothing, if the scope has ended. Thread-safe.
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

    /// Announces a job on another thread. Returns false, and announces nothing, if the scope has ended. Thread-safe.
    func beginJob(_ id: asgi_id) -> Bool {
        guard self.announce(id, ordered: false) else { return false }
        self.jobs.add(1, ordering: .sequentiallyConsistent)
        self.complete(ordered: false)
        return true
    }

    /// Records that the job has returned. Thread-safe.
    func endJob(_ id: asgi_id) {
        let mailbox = self.home.mailbox
        self.jobs.subtract(1, ordering: .sequentiallyConsistent)
        if !self.isCertainlyOpen(id) { mailbox?._withUnsafeGuaranteedRef { $0.wake() } }
    }

    /// Announces that `application` has returned, even if the scope has ended. A job, or a call that was announced
    /// earlier, must still keep the scope's memory.
    func announceReturn() {
        self.held.add(1, ordering: .sequentiallyConsistent)
        self.ordered.add(1, ordering: .sequentiallyConsistent)
    }

    /// Whether calls are announced. The home must check this before `hasJobs`.
    @inline(__always)
    var isHeld: Bool { self.held.load(ordering: .sequentiallyConsistent) != 0 }

    /// Whether any job has not returned.
    @inline(__always)
    var hasJobs: Bool { self.jobs.load(ordering: .sequentiallyConsistent) != 0 }
}
