import Foundation
import TestHarness
import TestSupport

/// Modules that leak memory, and the memory of the supervisor and the workers.
extension Case {
    static let memory: [Case] = [
        Case("a module that leaks memory, with --limit-max-rss") { modules in
            let server = try Server(
                try modules.crashes(), ["--limit-max-rss", "\(150 << 20)", "--workers", "2"])
            let greedy = Crowd(of: 2, KeepAliveLoad(port: server.port, path: "/grow", pause: 40))
            let others = Crowd(of: 8, KeepAliveLoad(port: server.port, pause: 10))
            try server.log.wait(for: "replacing worker", "reason=\"memory limit reached (--limit-max-rss)\"", count: 4)
            try greedy.stop()
            try others.stop()
            let (all, count) = (greedy.tally.counts + others.tally.counts, greedy.tally.losses + others.tally.losses)
            guard count.isEmpty else { throw UnexpectedResult("lost: \(count.map(\.text))") }
            try server.waitForWorkers(2)
            try server.stop()
            return "replaced 4 times; \(all.answered) responses, none lost"
        },
        Case("a module that runs out of memory, with --limit-address-space") { modules in
            let server = try Server(
                try modules.crashes(), ["--limit-address-space", "\(2 << 30)", "--limit-crashes", "1000"])
            let client = try server.client()
            var answers = 0
            while answers < 1000 {
                client.send(Case.get("/grow"))
                guard (try? client.readResponse()) != nil else { break }
                answers += 1
            }
            guard 1..<300 ~= answers else { throw UnexpectedResult("out of memory after \(answers) times 8 MiB") }
            let line = try server.log.wait(
                for: "worker crashed ", " function=\"libcrashes.so out_of_memory+0x", " signal=SIGABRT ")
            try expect("path", Log.field("path", of: line), "/grow")
            try expect("status", try server.ask("/").status, 200)
            try server.stop()
            return "aborted and logged after \(answers) times 8 MiB; the next request gets 200"
        },
        Case("memory of a supervisor and its workers") { _ in
            let server = try Server(Modules.bench, ["--workers", "4"])
            for _ in 0..<1000 { _ = try server.ask("/") }
            try server.reload("--new-workers")
            let workers = try server.waitForWorkers(4)
            let supervisor = try ProcessFigures(server.identifier).proportionalMemory
            let shares = try workers.map { try ProcessFigures($0).proportionalMemory }
            guard supervisor <= 16 << 20 else {
                throw UnexpectedResult("the supervisor has \(mebibytes(supervisor))")
            }
            let resident = try server.status().workers.map { mebibytes($0.memory) }
            try server.stop()
            return """
                supervisor \(mebibytes(supervisor)), each of 4 workers \(mebibytes(shares.reduce(0, +) / 4)) (Pss); \
                resident memory \(resident[0]) per worker
                """
        },
    ]
}
