import CASGI
import Synchronization

import struct NIOConcurrencyHelpers.NIOLockedValueBox

/// All scopes of a process, by id. An id has 24 bits for the slot and 40 bits for the count.
///
/// The id of an ended scope never matches its slot again: a caller that kept it gets `ASGI_STALE` and never reaches
/// another request. Slots are reused first in, first out, to make each count last as long as possible. Lookups take no
/// lock, since slots are never freed.
final class ScopeTable: Sendable {
    /// The one table of the process.
    static let process = ScopeTable()

    static let slotBits = 24
    private static let chunkBits = 10
    static let chunkSize = 1 << chunkBits
    private static let maxChunks = 1 << (slotBits - chunkBits)

    /// Addresses of chunks of slots; 0 if not allocated yet.
    // SAFETY: a constant pointer to atomics, valid for the life of the process.
    private nonisolated(unsafe) let chunks: UnsafeMutablePointer<Atomic<UInt>>
    private let count = NIOLockedValueBox(0)
    /// Slots for scopes that live on a control thread: lifespans, which keep their slots for the life of the process.
    private let controlSlots = NIOLockedValueBox(FreeSlots(home: ScopeHome(loop: nil, mailbox: nil)))

    private init() {
        self.chunks = .allocate(capacity: Self.maxChunks)
        for index in 0..<Self.maxChunks { (self.chunks + index).initialize(to: Atomic(0)) }
    }

    /// Returns the slot that an id names. `ScopeSlot.isOpen` checks that it still belongs to the id. Thread-safe.
    @inline(__always)
    func slot(of id: asgi_id) -> UnsafeMutablePointer<ScopeSlot>? {
        // The id of a free slot is 0, which no scope has.
        guard id != 0 else { return nil }
        let number = Int(id & (1 << UInt64(Self.slotBits) - 1))
        let chunk = self.chunks[number >> Self.chunkBits].load(ordering: .acquiring)
        guard let first = UnsafeMutablePointer<ScopeSlot>(bitPattern: chunk) else { return nil }
        return first + number & (Self.chunkSize - 1)
    }

    /// Returns a slot for a lifespan, or nil if the table is full. Thread-safe.
    func allocateControlSlot() -> UnsafeMutablePointer<ScopeSlot>? {
        self.controlSlots.withLockedValue { $0.removeOldest() }
    }

    /// Allocates a chunk of slots and returns its first; nil if the table is full. Thread-safe.
    func makeChunk(home: ScopeHome) -> UnsafeMutablePointer<ScopeSlot>? {
        self.count.withLockedValue { count -> UnsafeMutablePointer<ScopeSlot>? in
            guard count < Self.maxChunks else { return nil }
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
