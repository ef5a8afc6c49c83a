/// The changes that a scan makes to a roster, as numbers of applications.
package struct RosterChange {
    package var added: [UInt32] = []
    package var removed: [UInt32] = []
    /// Applications with a new generation: from another file, with other settings, or reloaded.
    package var renewed: [UInt32] = []
    /// Applications that could not be prepared; their previous generations, if any, keep serving.
    package var failed: [UInt32] = []
    /// Faults of new required applications, for which the host refuses to start.
    package var refusals: [String] = []

    package init(added: [UInt32] = [], removed: [UInt32] = []) {
        self.added = added
        self.removed = removed
    }

    package var isEmpty: Bool { self.added.isEmpty && self.removed.isEmpty && self.renewed.isEmpty }

    /// Adds a later change.
    package mutating func append(_ next: RosterChange) {
        self.removed += next.removed
        self.added = (self.added + next.added).filter { !self.removed.contains($0) }
        let renewed = Set(self.renewed + next.renewed).subtracting(self.added + self.removed)
        self.renewed = renewed.sorted()
        self.failed = Set(self.failed + next.failed).sorted()
        self.refusals += next.refusals
    }
}
