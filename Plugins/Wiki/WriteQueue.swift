import ASGI

/// Lets one writer of this process at a time to the folder: the others wait here, without a thread.
actor WriteQueue {
    /// Writers that may wait; who comes then is told to come back.
    static let longest = 64

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs it off the loop, when it is its turn. Throws `HTTPError(503)` when too many wait.
    func run<Result: Sendable>(_ write: @Sendable () throws(EntryError) -> Result) async throws -> Result {
        try await self.enter()
        defer { self.leave() }
        return try await offLoop(write)
    }

    private func enter() async throws(HTTPError) {
        guard self.isTaken else {
            self.isTaken = true
            return
        }
        guard self.waiting.count < Self.longest else {
            throw HTTPError(503, "Too many are writing: try again in a moment.", headers: ["retry-after": "1"])
        }
        await withCheckedContinuation { self.waiting.append($0) }
    }

    /// The turn goes to who has waited longest, or is free again.
    private func leave() {
        guard !self.waiting.isEmpty else {
            self.isTaken = false
            return
        }
        self.waiting.removeFirst().resume()
    }
}
