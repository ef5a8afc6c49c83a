import Foundation
import TestHarness
import TestSupport

/// Workers that are killed at random.
extension Case {
    static let chaos: [Case] = [
        Case("random workers are killed by SIGKILL under load") { modules in
            let seconds = ProcessInfo.processInfo.environment["CHAOS_SECONDS"].flatMap { Int($0) } ?? 60
            let server = try Server(try modules.crashes(), ["--workers", "4"])
            try server.waitForWorkers(4)
            let crowd = Crowd(of: 64, KeepAliveLoad(port: server.port, pause: 10))
            let new = Crowd(of: 4, NewConnectionLoad(port: server.port, rate: 25))
            var kills: [Kill] = []
            let start = Time()
            while start.milliseconds < seconds * 1000 {
                guard let worker = try server.waitForWorkers(4).randomElement() else { break }
                kills.append(Kill(worker))
                try crowd.wait(forMore: 100)
            }
            try server.waitForWorkers(4)
            try crowd.wait(forMore: 1000)
            try crowd.stop()
            try new.stop()
            let losses = crowd.tally.losses + new.tally.losses
            if let loss = losses.first(where: { loss in !kills.contains { $0.explains(loss) } }) {
                throw UnexpectedResult("connection lost without a kill: \(loss.text), worker \(loss.worker ?? 0)")
            }
            let status = try server.status()
            try expect("restarts", status.restarts, kills.count)
            try expect("crashes", status.crashes, 0)
            try expect("application", status.applications.map(\.state), ["serving"])
            try server.stop()
            let counts = crowd.tally.counts + new.tally.counts
            return """
                \(counts.answered) responses, \(losses.count) of \(counts.connections) connections lost, all of killed \
                workers; \(kills.count) kills, afterwards 4 workers ready
                """
        },
        Case("random child processes are killed by SIGKILL during reloads") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "4"])
            try server.waitForWorkers(4)
            let start = Time()
            for round in 1...8 {
                for _ in 0..<round { server.begin("reload", "--new-workers") }
                try server.log.wait(for: " reloading", count: round)
                // An old worker, a new worker, or a probe.
                if let child = server.workers.randomElement() { kill(child, SIGKILL) }
                try server.waitForWorkers(4)
                try wait(for: "the end of the reload") { try server.status().state == "serving" }
                try expect("status", try server.ask("/").status, 200)
            }
            let time = start.seconds
            try server.reload("--new-workers")
            try server.waitForWorkers(4)
            try server.stop()
            return "8 rounds, afterwards 4 workers ready and a successful reload; \(time)"
        },
    ]
}

/// A worker that was killed, between two moments.
private struct Kill {
    let worker: Int32
    private let before: Time
    private let after: Time

    init(_ worker: Int32) {
        self.worker = worker
        self.before = Time()
        kill(worker, SIGKILL)
        self.after = Time()
    }

    /// Whether the kill explains the loss. A connection without a response may have belonged to any worker.
    func explains(_ loss: Tally.Loss) -> Bool {
        loss.worker.map { $0 == self.worker } ?? (loss.since <= self.after && self.before <= loss.at)
    }
}
