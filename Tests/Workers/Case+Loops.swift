import TestHarness
import TestSupport

/// Stalled event loops.
extension Case {
    static let loops: [Case] = [
        Case("a request that blocks the only loop") { modules in
            let server = try Server(try modules.crashes(), ["--timeout-worker", "2"])
            let worker = server.workers.first ?? 0
            let held = try Self.spin(server)
            let start = Time()
            // Waits for a new worker, which is started once the stall is detected.
            let answer = try server.ask("/").text
            let time = start.seconds
            guard answer.hasPrefix("one "), answer != "one \(worker)" else {
                throw UnexpectedResult("response: \(answer)")
            }
            try server.log.wait(for: "replacing worker pid=\(worker) reason=\"event loop stalled\"")
            try Self.expectReport(in: server.log)
            _ = held.skipToEnd()
            try wait(for: "the end of the stalled worker") { !server.workers.contains(worker) }
            try server.stop()
            return "logged with its stack and replaced; another request gets a response after \(time)"
        },
        Case("one of two workers stalls, the other responds") { modules in
            let server = try Server(try modules.crashes(), ["--timeout-worker", "2", "--workers", "2"])
            let held = try Self.spin(server)
            let start = Time()
            var answers = 0
            while server.log.all("event loop stalled").isEmpty, start.milliseconds < Time.patience * 1000 {
                try expect("status", try server.ask("/").status, 200)
                answers += 1
            }
            try Self.expectReport(in: server.log)
            _ = held.skipToEnd()
            try server.waitForWorkers(2)
            try server.stop()
            return "\(answers) responses until the stall was detected"
        },
        Case("one of two loops of a worker stalls, the other keeps serving") { modules in
            let server = try Server(
                try modules.crashes(),
                ["--timeout-worker", "2", "--threads", "2"] + ["--timeout-graceful-shutdown", "4"])
            let held = try Self.spin(server)
            // Only the other loop accepts now.
            let crowd = Crowd(of: 16, KeepAliveLoad(port: server.port, pause: 20))
            let new = Crowd(of: 2, NewConnectionLoad(port: server.port, rate: 25))
            try server.log.wait(for: "replacing worker pid=", "reason=\"event loop stalled\"")
            let start = Time()
            try Self.expectReport(in: server.log)
            _ = held.skipToEnd()
            let time = start.seconds
            try server.waitForWorkers(1)
            try crowd.wait(forMore: 100)
            try crowd.stop()
            try new.stop()
            let (counts, losses) = (crowd.tally.counts + new.tally.counts, crowd.tally.losses + new.tally.losses)
            guard losses.isEmpty else {
                throw UnexpectedResult("\(losses.count) connections lost, \(counts): \(losses.prefix(2).map(\.text))")
            }
            try server.stop()
            return "replaced; killed after \(time); \(counts.answered) responses of other loops, none lost"
        },
    ]

    /// Stalls a loop of a worker. Returns the client that waits for it.
    private static func spin(_ server: Server) throws -> RawClient {
        let client = try server.client()
        client.send(Case.get("/spin"))
        try server.log.wait(for: "begun")
        return client
    }

    private static func expectReport(in log: Log) throws {
        try log.wait(for: "replacing worker pid=", "reason=\"event loop stalled\"")
        let line = try log.wait(for: "error    event loop stalled ", " function=\"libcrashes.so spin+0x")
        for field in ["application=crashes", "generation=", "method=GET", "path=/spin", "stack="]
        where !line.contains(" \(field)") { throw UnexpectedResult("no \(field) in: \(line)") }
    }
}
