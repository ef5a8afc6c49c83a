/// When a build runs: one at a time, and a newer change cancels an older build. A value without I/O.
package struct BuildMachine {
    package enum Step: Equatable {
        case start
        case cancel
        /// What it has made is to be served; `again`: something has changed meanwhile, and it runs once more.
        case reload(again: Bool)
        /// What was there serves on; `again` likewise.
        case failed(again: Bool)
        case nothing
    }

    private enum State {
        case idle
        case building
        /// It was told to end.
        case cancelled
    }

    private var state = State.idle
    /// Something has changed since it began, and it was let go on.
    private var isStale = false
    private var cancellations = 0
    /// After so many in succession one is let come to its end: a build that writes to what is watched would never.
    static let mostCancellations = 5

    package init() {}

    package var isRunning: Bool { self.state != .idle }

    package mutating func changed() -> Step {
        switch self.state {
        case .idle:
            self.state = .building
            return .start
        case .building where self.cancellations < Self.mostCancellations:
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
