import CLinux

/// The slots of one home that no scope has, first in, first out. Bound to its home, or under a lock.
// SAFETY: used on its loop, or under the lock of `ScopeTable`.
struct FreeSlots: @unchecked Sendable {
    private let home: ScopeHome
    /// A ring: grows by a chunk when it runs empty.
    private var ring: [UnsafeMutablePointer<ScopeSlot>] = []
    private var head = 0
    private var count = 0
    private(set) var chunks: [UnsafeMutablePointer<ScopeSlot>] = []

    init(home: ScopeHome) { self.home = home }

    /// The slot that has rested longest; nil when the process has no more.
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
