import Foundation
import TestHarness

/// Clients, each on a thread of its own, that come again and again until they are stopped.
final class Crowd: Sendable {
    let tally = Tally()
    private let threads = DispatchGroup()

    init(of clients: Int, _ load: some Load) {
        let (tally, threads) = (self.tally, self.threads)
        for _ in 0..<clients {
            threads.enter()
            Thread {
                while !tally.isOver { load.visit(tally) }
                threads.leave()
            }.start()
        }
    }

    // A case that failed has its clients leave.
    deinit { self.tally.end() }

    /// Waits until so many more requests were answered.
    func wait(forMore count: Int) throws {
        let wanted = self.tally.counts.answered + count
        try TestHarness.wait(for: "\(count) more answers") { self.tally.counts.answered >= wanted }
    }

    /// Has every client end what it is at.
    func stop() throws {
        self.tally.end()
        guard self.threads.wait(timeout: .now() + .seconds(Time.patience)) == .success else {
            throw UnexpectedResult("clients wait still: \(self.tally.counts)")
        }
    }
}

/// What a client does from one connection to the next.
protocol Load: Sendable {
    func visit(_ tally: Tally)
}
