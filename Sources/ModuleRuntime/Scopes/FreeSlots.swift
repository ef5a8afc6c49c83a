import CLinux

/// The free slots of one home, first in, first out. Bound to its home, or used under a lock.
// SAFETY: used on its loop, or under the lock of `ScopeTable`.
struct FreeSlots: @unchecked Sendable {
    private let home: ScopeHome
    /// A ring buffer that grows by a chunk when it is empty.
    private var ring: [UnsafeMutablePointer<ScopeSlot>] = []
    private var head = 0
    private var count = 0
    private(set) var chunks: [UnsafeMutablePointer<ScopeSlot>] = []

    init(home: ScopeHome) { self.home = home }

    /// Removes the slot that has been free for longest. Returns nil if the process has no more slots.
    mutating func removeOldest() -> UnsafeMutablePointer<ScopeSlot>? {
        if self.count == 0 {
            guard let chunk = ScopeTable.process.makeChunk(home: self.home) else { return nil }
            self.chunks.append(chunk)
            self.ring = (0..<(ScopeTable.chunkSize * self.chunks.count)).map { chunk + $0 % ScopeTable.chunkSize }
            self.head = 0
            self.count = ScopeTable.chunkSize
        }
        let slot = self.ring[self.head]
        self.head = self.head + 1 == self.ring.count ? 0 : self.head + 1
        self.count -= 1
        return slot
    }

    mutating func give(_ slot: UnsafeMutablePointer<ScopeSlot>) {
        let tail = self.head + self.count
        self.ring[tail < self.ring.count ? tail : tail - self.ring.count] = slot
        self.count += 1
    }
}
