/// Decides when a build runs: one at a time, and a newer change cancels it. A value type without I/O.
package struct BuildMachine {
    package enum Step: Equatable {
        case start
        case cancel
        /// Serve the result of the build. `again`: files changed during the build, and it runs once more.
        case reload(again: Bool)
        /// The build failed, and the previous version keeps serving. `again`: as for `reload`.
        case failed(again: Bool)
        case nothing
    }

    private enum State {
        case idle
        case building
        /// Cancelled, but still running.
        case cancelled
    }

    private var state = State.idle
    /// Whether files changed during a build that was not cancelled.
    private var isStale = false
    private var cancellations = 0
    /// Maximum number of cancellations in succession; the next build runs to its end. Without a limit, a build that
    /// writes to watched files would never end.
    static let maxCancellations = 5

    package init() {}

    package var isRunning: Bool { self.state != .idle }

    package mutating func changed() -> Step {
        switch self.state {
        case .idle:
            self.state = .building
            return .start
        case .building where self.cancellations < Self.maxCancellations:
            self.state = .cancelled
            self.cancellations += 1
            return .cancel
        case .building:
            self.isStale = true
            return .nothing
        case .cancelled: return .nothing
        }
    }

    package mutating func ended(well: Bool) -> Step {
        let isCancelled = self.state == .cancelled
        let again = self.isStale
        self.isStale = false
        self.state = isCancelled || again ? .building : .idle
        guard !isCancelled else { return .start }
        self.cancellations = 0
        return well ? .reload(again: again) : .failed(again: again)
    }
}
