/// What a scan of the files changes in a roster: the numbers of the applications concerned.
package struct RosterChange {
    package var added: [UInt32] = []
    package var removed: [UInt32] = []
    /// Those that get another generation: of another file, with other settings, or loaded anew.
    package var renewed: [UInt32] = []
    /// Those that could not be prepared: what they had goes on.
    package var failed: [UInt32] = []
    /// Why it makes no sense to start.
    package var refusals: [String] = []

    package init(added: [UInt32] = [], removed: [UInt32] = []) {
        self.added = added
        self.removed = removed
    }

    package var isEmpty: Bool { self.added.isEmpty && self.removed.isEmpty && self.renewed.isEmpty }

    /// Adds a change that was made after this one.
    package mutating func append(_ next: RosterChange) {
        self.removed += next.removed
        self.added = (self.added + next.added).filter { !self.removed.contains($0) }
        let renewed = Set(self.renewed + next.renewed).subtracting(self.added + self.removed)
        self.renewed = renewed.sorted()
        self.failed = Set(self.failed + next.failed).sorted()
        self.refusals += next.refusals
    }
}
