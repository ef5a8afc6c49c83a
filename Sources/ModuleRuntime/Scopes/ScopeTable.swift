import CASGI
import Synchronization

import struct NIOConcurrencyHelpers.NIOLockedValueBox

/// All scopes of a process, by id: 24 bits of slot and 40 bits of count.
///
/// An id that is over never matches its slot's again, so that whoever kept it gets `ASGI_STALE` instead of another
/// request; slots are used again first in, first out, which puts that off as far as it goes. Lookups take no lock and are
/// safe from any thread: slots are never freed.
final class ScopeTable: Sendable {
    /// The one table of the process.
    static let process = ScopeTable()

    static let slotBits = 24
    private static let chunkBits = 10
    static let chunkSize = 1 << chunkBits
    private static let mostChunks = 1 << (slotBits - chunkBits)

    /// Addresses of chunks of slots; 0: not made yet.
    // SAFETY: a constant pointer to atomics, valid for the life of the process.
    private nonisolated(unsafe) let chunks: UnsafeMutablePointer<Atomic<UInt>>
    private let count = NIOLockedValueBox(0)
    /// For scopes that live on a control thread: lifespans, which keep theirs for good.
    private let controlSlots = NIOLockedValueBox(FreeSlots(home: ScopeHome(loop: nil, mailbox: nil)))

    private init() {
        self.chunks = .allocate(capacity: Self.mostChunks)
        for index in 0..<Self.mostChunks { (self.chunks + index).initialize(to: Atomic(0)) }
    }

    /// The slot that an id names. Whether it is still that id's is the slot's to say. [any]
    @inline(__always)
    func slot(of id: asgi_id) -> UnsafeMutablePointer<ScopeSlot>? {
        // A slot that is free says 0, which is nobody's id.
        guard id != 0 else { return nil }
        let number = Int(id & (1 << UInt64(Self.slotBits) - 1))
        let chunk = self.chunks[number >> Self.chunkBits].load(ordering: .acquiring)
        guard let first = UnsafeMutablePointer<ScopeSlot>(bitPattern: chunk) else { return nil }
        return first + number & (Self.chunkSize - 1)
    }

    /// A slot for a lifespan; nil when the table is full. [any]
    func takeControlSlot() -> UnsafeMutablePointer<ScopeSlot>? {
        self.controlSlots.withLockedValue { $0.takeOldest() }
    }

    /// A new chunk of slots; nil when the table is full. [any]
    func makeChunk(home: ScopeHome) -> UnsafeMutablePointer<ScopeSlot>? {
        self.count.withLockedValue { count -> UnsafeMutablePointer<ScopeSlot>? in
            guard count < Self.mostChunks else { return nil }
            let first = UnsafeMutablePointer<ScopeSlot>.allocate(capacity: Self.chunkSize)
            for index in 0..<Self.chunkSize {
                (first + index).initialize(to: ScopeSlot(number: count << Self.chunkBits + index, home: home))
            }
            self.chunks[count].store(UInt(bitPattern: first), ordering: .releasing)
            count += 1
            return first
        }
    }
}

/// Where the scopes of a slot live: on a loop, or, without one, on an application's control thread.
struct ScopeHome {
    /// The loop, as `roost_current_loop` names it; nil: a control thread.
    let loop: UnsafeRawPointer?
    /// Where calls for the loop go. Lives as long as the process.
    let mailbox: Unmanaged<Mailbox>?
}

/// Who is there for what a scope sends.
enum Audience: UInt8, AtomicRepresentable {
    case waits
    /// The response is complete.
    case served
    /// The client is gone, or the WebSocket closed.
    case gone
}

/// A place in the table: what every thread may ask about a scope.
struct ScopeSlot: ~Copyable {
    let number: Int
    let home: ScopeHome
    /// The id while the scope is open, else 0.
    let open = Atomic<UInt64>(0)
    /// Calls in the mailbox that calls on the loop have to go behind.
    let ordered = Atomic<Int>(0)
    /// Calls in the mailbox, or on their way there: the scope keeps its memory.
    let held = Atomic<Int>(0)
    /// Timers and watches that have neither been told nor cancelled: the scope keeps its memory.
    let waits = Atomic<Int>(0)
    /// Jobs on the blocking pool, and views on other threads, that have not returned: the scope keeps its memory.
    let jobs = Atomic<Int>(0)
    /// Bytes that other threads have sent and the client's connection has not taken yet.
    let underWay = Atomic<Int>(0)
    /// Whether anybody waits for what is sent still, as other threads may ask.
    let audience = Atomic<Audience>(.waits)
    /// A queued call turned out to be misuse: the next one is told.
    let isFaulty = Atomic<Bool>(false)
    /// Where the scope keeps what it needs for a view; 0: it was not given to one yet.
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

    /// Opens the slot for a new scope and says its id. On its home.
    @inline(__always)
    mutating func begin(_ generation: Generation) -> asgi_id {
        // 40 bits of count: at a million scopes a second a slot that is used 1,024 times less often lasts for ages.
        self.count = (self.count + 1) & (1 << 40 - 1)
        if self.count == 0 { self.count = 1 }
        let id = self.count << UInt64(ScopeTable.slotBits) | UInt64(self.number)
        self.generation.store(UInt(bitPattern: Unmanaged.passUnretained(generation).toOpaque()), ordering: .relaxed)
        self.audience.store(.waits, ordering: .relaxed)
        self.isFaulty.store(false, ordering: .relaxed)
        self.underWay.store(0, ordering: .relaxed)
        // Nobody else knows the id before the module does.
        self.open.store(id, ordering: .releasing)
        return id
    }

    /// Whether this id is open. [any]
    @inline(__always)
    func isOpen(_ id: asgi_id) -> Bool { self.open.load(ordering: .acquiring) == id }

    /// The same, after what this thread has written before is seen by whoever ends it. [any]
    func isCertainlyOpen(_ id: asgi_id) -> Bool { self.open.load(ordering: .sequentiallyConsistent) == id }

    /// Ends the id; false when somebody else has. [any]
    @inline(__always)
    func end(_ id: asgi_id) -> Bool {
        self.open.compareExchange(expected: id, desired: 0, ordering: .sequentiallyConsistent).exchanged
    }

    /// The generation of an open id. [any]
    func generation(of id: asgi_id) -> Generation? { self.unretainedGeneration(of: id)?.takeUnretainedValue() }

    /// The same for the calls that every request makes: generations live as long as the process.
    @inline(__always)
    func unretainedGeneration(of id: asgi_id) -> Unmanaged<Generation>? {
        guard self.isOpen(id) else { return nil }
        let address = self.generation.load(ordering: .acquiring)
        // Read again: the slot may have been given to another scope between the two.
        guard self.isOpen(id), let pointer = UnsafeRawPointer(bitPattern: address) else { return nil }
        return Unmanaged<Generation>.fromOpaque(pointer)
    }

    /// The generation of the scope that the slot has, or had last: generations live as long as the process. [any]
    var lastGeneration: Generation? {
        UnsafeRawPointer(bitPattern: self.generation.load(ordering: .acquiring))
            .map { Unmanaged<Generation>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Announces a call from another thread; false: the scope is over, and nothing was announced. [any]
    ///
    /// First announced, then checked: the home looks in the other order, so that either it sees the call or the call sees
    /// that the scope is over.
    func announce(_ id: asgi_id, ordered: Bool) -> Bool {
        self.held.add(1, ordering: .sequentiallyConsistent)
        guard self.open.load(ordering: .sequentiallyConsistent) == id else {
            self.held.subtract(1, ordering: .sequentiallyConsistent)
            return false
        }
        if ordered { self.ordered.add(1, ordering: .sequentiallyConsistent) }
        return true
    }

    /// Announces what may take long on another thread; false: the scope is over, and nothing was announced. [any]
    func beginJob(_ id: asgi_id) -> Bool {
        guard self.announce(id, ordered: false) else { return false }
        self.jobs.add(1, ordering: .sequentiallyConsistent)
        self.settle(ordered: false)
        return true
    }

    /// It has returned. [any]
    func endJob(_ id: asgi_id) {
        let mailbox = self.home.mailbox
        self.jobs.subtract(1, ordering: .sequentiallyConsistent)
        // An ended scope waits for its last job before it rests.
        if !self.isCertainlyOpen(id) { mailbox?._withUnsafeGuaranteedRef { $0.knock() } }
    }

    /// Announces that `application` has returned, which a scope is told though it may have ended. Its job holds it so far.
    func announceReturn() {
        self.held.add(1, ordering: .sequentiallyConsistent)
        self.ordered.add(1, ordering: .sequentiallyConsistent)
    }

    /// A call that was announced has been performed.
    func settle(ordered: Bool) {
        if ordered { self.ordered.subtract(1, ordering: .sequentiallyConsistent) }
        self.held.subtract(1, ordering: .sequentiallyConsistent)
    }
}
