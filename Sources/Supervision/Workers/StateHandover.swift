/// Assigns the state of each draining worker to one new worker. A value without I/O.
struct StateHandover {
    /// The new workers that get a state, by the worker that saves it; `nil` once the state was sent.
    private var takers: [Int: Int?] = [:]

    /// Chooses the worker whose state a new worker gets, among those that will drain. Returns `nil` if there is none.
    mutating func chooseSource(for taker: Int, among candidates: [Int]) -> Int? {
        guard let giver = candidates.first(where: { self.takers[$0] == nil }) else { return nil }
        self.takers.updateValue(taker, forKey: giver)
        return giver
    }

    /// Records that a worker has sent its state, or has ended without. Returns the worker that gets it; `nil` if none
    /// waits for it.
    mutating func removeRecipient(of giver: Int) -> Int? {
        guard let taker = self.takers[giver] ?? nil else { return nil }
        // Keeps the entry: each worker sends its state once.
        self.takers.updateValue(nil, forKey: giver)
        return taker
    }

    /// Forgets a worker that has ended.
    mutating func remove(_ worker: Int) { self.takers[worker] = nil }
}
