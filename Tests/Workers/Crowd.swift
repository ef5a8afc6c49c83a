import Foundation
import TestHarness

/// Clients that repeat a load until they are stopped, each on a thread of its own.
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

    // Stops the clients of a case that failed.
    deinit { self.tally.end() }

    /// Waits for this number of further responses.
    func wait(forMore count: Int) throws {
        let wanted = self.tally.counts.answered + count
        try TestHarness.wait(for: "\(count) more responses") { self.tally.counts.answered >= wanted }
    }

    /// Has every client finish its current visit, and waits for it.
    func stop() throws {
        self.tally.end()
        guard self.threads.wait(timeout: .now() + .seconds(Time.patience)) == .success else {
            throw UnexpectedResult("clients are still waiting: \(self.tally.counts)")
        }
    }
}

/// The behaviour of a client; `visit` usually covers one connection.
protocol Load: Sendable {
    func visit(_ tally: Tally)
}
