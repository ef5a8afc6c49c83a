import Foundation
import TestHarness
import TestSupport

/// What happens to the supervisor.
extension Case {
    static let supervisor: [Case] = [
        Case("kill -9 of the supervisor") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "2"])
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let idle = try server.client()
            server.signal(SIGKILL)
            let start = Time()
            try expect("answer", try client.readResponse().text, "late")
            // An idle connection is waited for as in any drain.
            idle.close()
            client.close()
            try server.log.waitForEnd()
            try expect("a connection afterwards", (try? server.client()) == nil, true)
            return "the request is answered; the workers are gone after \(start.seconds)"
        },
        Case("Ctrl-C: SIGINT to the whole group") { modules in
            let server = try Server(
                try modules.crashes(), ["--workers", "2"], through: ["/usr/bin/env", "setsid", "--wait"])
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let start = Time()
            try expect("kill", kill(-server.identifier, SIGINT), 0)
            try expect("answer", try client.readResponse().text, "late")
            client.close()
            try expect("exit status", try server.waitForEnd(), 0)
            return "the request is answered; exit status 0 after \(start.seconds)"
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
            // One there has to be.
            server.signal(SIGTTOU)
            try expect("answer", try server.ask("/").status, 200)
            try server.waitForWorkers(1)
            try server.stop()
            return "2, 3, 4, 3, 2, 1 workers, and no fewer"
        },
        Case("SIGSTOP and SIGCONT to a worker, with --timeout-worker 1") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "2", "--timeout-worker", "1"])
            let workers = try server.waitForWorkers(2)
            kill(workers[0], SIGSTOP)
            // One thread is stopped after the other.
            try wait(for: "the stop") { try ProcessFigures(workers[0]).isStopped }
            let start = Time()
            var answers = 0
            // As a debugger would hold it: that is nobody's fault.
            while start.milliseconds < 3500 {
                try expect("answer", try server.ask("/").text, "one \(workers[1])")
                try expect("replacements", server.log.all("is replaced"), [])
                answers += 1
            }
            kill(workers[0], SIGCONT)
            try wait(for: "its answer") { try server.ask("/").text == "one \(workers[0])" }
            try expect("workers", Set(try server.waitForWorkers(2)), Set(workers))
            try server.stop()
            return "not replaced; the other answered \(answers) requests meanwhile"
        },
        Case("SIGTERM to a worker") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "2"])
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let workers = server.workers
            for worker in workers { kill(worker, SIGTERM) }
            try expect("answer", try client.readResponse().text, "late")
            try wait(for: "other workers") { Set(server.workers).isDisjoint(with: workers) }
            try server.waitForWorkers(2)
            try server.stop()
            return "it ends what it is at, and is replaced"
        },
        Case("--user: who a module's constructor runs as") { modules in
            guard geteuid() == 0 else { return "left out: this is not root" }
            let server = try Server(
                try modules.crashes("-DCONSTRUCTOR=tell_who()"), ["--user", "nobody", "--group", "nogroup"])
            try expect("answer", try server.ask("/").status, 200)
            let lines = server.log.all("who ", " end")
            let worker = server.workers.first ?? 0
            guard lines.count == 2, lines.contains(where: { $0.hasPrefix("who \(worker) ") }) else {
                throw UnexpectedResult("the probe and worker \(worker) say: \(lines)")
            }
            for line in lines {
                let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
                func numbers(_ name: String) -> [String] {
                    words.drop { $0 != "\(name):" }.dropFirst().prefix { $0.allSatisfy(\.isHexDigit) }.map { $0 }
                }
                for name in ["Uid", "Gid"] where numbers(name) != Array(repeating: "65534", count: 4) {
                    throw UnexpectedResult("\(name) in: \(line)")
                }
                try expect("groups", numbers("Groups"), ["65534"])
                try expect("no_new_privs", numbers("NoNewPrivs"), ["1"])
                try expect("capabilities", numbers("CapEff"), ["0000000000000000"])
            }
            try server.reload("--new-workers")
            // The same bytes are not looked at by a probe again.
            try expect("lines after a reload", server.log.all("who ", " end").count, 3)
            try server.stop()
            return "nobody, in the probe and in the worker; no groups, no capabilities, no_new_privs"
        },
    ]
}
