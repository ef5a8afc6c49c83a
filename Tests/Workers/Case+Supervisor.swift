import Foundation
import TestHarness
import TestSupport

/// Signals to the supervisor and its workers, and privileges.
extension Case {
    static let supervisor: [Case] = [
        Case("SIGKILL to the supervisor") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "2"])
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let idle = try server.client()
            server.signal(SIGKILL)
            let start = Time()
            try expect("response", try client.readResponse().text, "late")
            // A drain waits for an idle connection until its timeout.
            idle.close()
            client.close()
            try server.log.waitForEnd()
            try expect("connection refused afterwards", (try? server.client()) == nil, true)
            return "the pending request is completed; the workers have exited after \(start.seconds)"
        },
        Case("Ctrl-C: SIGINT to the process group") { modules in
            let server = try Server(
                try modules.crashes(), ["--workers", "2"], through: ["/usr/bin/env", "setsid", "--wait"])
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let start = Time()
            try expect("kill", kill(-server.identifier, SIGINT), 0)
            try expect("response", try client.readResponse().text, "late")
            client.close()
            try expect("exit status", try server.waitForEnd(), 0)
            return "the pending request is completed; exit status 0 after \(start.seconds)"
        },
        Case("SIGTTIN and SIGTTOU") { modules in
            let server = try Server(try modules.crashes(), environment: ["WEB_CONCURRENCY": "2"])
            try server.waitForWorkers(2)
            server.signal(SIGTTIN)
            try server.waitForWorkers(3)
            server.signal(SIGTTIN)
            try server.waitForWorkers(4)
            for count in [3, 2, 1] {
                server.signal(SIGTTOU)
                try server.waitForWorkers(count)
            }
            // The last worker is kept.
            server.signal(SIGTTOU)
            try expect("status", try server.ask("/").status, 200)
            try server.waitForWorkers(1)
            try server.stop()
            return "2, 3, 4, 3, 2, 1 workers, but never 0"
        },
        Case("SIGSTOP and SIGCONT to a worker, with --timeout-worker 1") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "2", "--timeout-worker", "1"])
            let workers = try server.waitForWorkers(2)
            kill(workers[0], SIGSTOP)
            // The threads stop one after another.
            try wait(for: "the worker to stop") { try ProcessFigures(workers[0]).isStopped }
            let start = Time()
            var answers = 0
            // A worker that a signal or a debugger has stopped does not count as stalled.
            while start.milliseconds < 3500 {
                try expect("response", try server.ask("/").text, "one \(workers[1])")
                try expect("replacements", server.log.all("replacing worker"), [])
                answers += 1
            }
            kill(workers[0], SIGCONT)
            try wait(for: "a response of the resumed worker") { try server.ask("/").text == "one \(workers[0])" }
            try expect("workers", Set(try server.waitForWorkers(2)), Set(workers))
            try server.stop()
            return "not replaced; \(answers) responses of the other worker meanwhile"
        },
        Case("SIGTERM to a worker") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "2"])
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let workers = server.workers
            for worker in workers { kill(worker, SIGTERM) }
            try expect("response", try client.readResponse().text, "late")
            try wait(for: "other workers") { Set(server.workers).isDisjoint(with: workers) }
            try server.waitForWorkers(2)
            try server.stop()
            return "the pending request is completed; the workers are replaced"
        },
        Case("--user: the user of a module's constructor") { modules in
            guard geteuid() == 0 else { return "skipped: requires root" }
            let server = try Server(
                try modules.crashes("-DCONSTRUCTOR=tell_who()"), ["--user", "nobody", "--group", "nogroup"])
            try expect("status", try server.ask("/").status, 200)
            let lines = server.log.all("who ", " end")
            let worker = server.workers.first ?? 0
            guard lines.count == 2, lines.contains(where: { $0.hasPrefix("who \(worker) ") }) else {
                throw UnexpectedResult("the probe and worker \(worker) printed: \(lines)")
            }
            for line in lines {
                let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
                func numbers(_ name: String) -> [String] {
                    words.drop { $0 != "\(name):" }.dropFirst().prefix { $0.allSatisfy(\.isHexDigit) }.map { $0 }
                }
                for name in ["Uid", "Gid"] where numbers(name) != Array(repeating: "65534", count: 4) {
                    throw UnexpectedResult("wrong \(name) in: \(line)")
                }
                try expect("groups", numbers("Groups"), ["65534"])
                try expect("no_new_privs", numbers("NoNewPrivs"), ["1"])
                try expect("capabilities", numbers("CapEff"), ["0000000000000000"])
            }
            try server.reload("--new-workers")
            // Unchanged bytes are not probed again.
            try expect("lines after a reload", server.log.all("who ", " end").count, 3)
            try server.stop()
            return "nobody in the probe and in the worker; no groups, no capabilities, no_new_privs"
        },
    ]
}
