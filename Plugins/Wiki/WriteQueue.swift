import ASGI

/// Serializes writers of this process; waiting writers do not occupy a thread.
actor WriteQueue {
    /// Maximum number of waiting writers; above it, 503.
    static let longest = 64

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs `write` off the event loop when its turn comes. Throws `HTTPError(503)` if too many writers wait.
    func run<Result: Sendable>(_ write: @Sendable () throws(EntryError) -> Result) async throws -> Result {
        try await self.enter()
        defer { self.leave() }
        return try await runBlocking(write)
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

    /// Passes the turn to the writer that has waited longest.
    private func leave() {
        guard !self.waiting.isEmpty else {
            self.isTaken = false
            return
        }
        self.waiting.removeFirst().resume()
    }
}
