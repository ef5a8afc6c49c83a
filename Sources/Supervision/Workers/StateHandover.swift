/// Which worker's state goes to which new worker: each worker gives its state once. A value without I/O.
struct StateHandover {
    /// The workers that get a state, by those that give it; nil: it was given.
    private var takers: [Int: Int?] = [:]

    /// Chooses who gives its state to a new worker, among those that are to be drained; nil: nobody.
    mutating func chooseGiver(for taker: Int, among candidates: [Int]) -> Int? {
        guard let giver = candidates.first(where: { self.takers[$0] == nil }) else { return nil }
        self.takers.updateValue(taker, forKey: giver)
        return giver
    }

    /// A worker has given its state, or ended without. Returns who gets it; nil: nobody waits for it.
    mutating func removeTaker(of giver: Int) -> Int? {
        guard let taker = self.takers[giver] ?? nil else { return nil }
        // What it remembers later is its own.
        self.takers.updateValue(nil, forKey: giver)
        return taker
    }

    /// A worker has ended.
    mutating func remove(_ worker: Int) { self.takers[worker] = nil }
}
