import Foundation
import TestHarness
import TestSupport

/// Stops while modules hold on; and those who do not want to wait.
extension Case {
    private static let short = ["--timeout-graceful-shutdown", "1"]

    static let holdOuts: [Case] = [
        Case("stop: a request that is never answered") { modules in
            let server = try Server(try modules.crashes(), short)
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/hold"))
                try server.log.wait(for: "begun")
            }
            try expect("what its client gets", try stopping.client.readToEnd(), "")
            let time = stopping.time
            let end = try stopping.end()
            try server.log.wait(for: "scopes had not ended", "cancelled")
            return "closed after \(time), cancelled; \(end)"
        },
        Case("stop: a scope that does not end with its response") { modules in
            let server = try Server(try modules.crashes(), short)
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/unfinished"))
                try expect("status", try client.readResponse().status, 200)
            }
            let end = try stopping.end()
            try server.log.wait(for: "scopes had not ended", "cancelled")
            return "cancelled; \(end)"
        },
        Case("stop: an application that never answers the shutdown") { modules in
            let server = try Server(try modules.crashes("-DSHUTDOWN=return"), ["--timeout-lifespan", "2"])
            let stopping = try Stopping(server) { _ in }
            let end = try stopping.end()
            try server.log.wait(for: "error ", "shutdown: ")
            return "told; \(end)"
        },
        Case("stop: a loop that does not turn, with --timeout-stop") { modules in
            let server = try Server(try modules.crashes(), short + ["--timeout-stop", "3"])
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/spin"))
                try server.log.wait(for: "begun")
            }
            // Not everything ended as it should have.
            let end = try stopping.end(with: 1)
            // By its supervisor, or by itself: the limit is the same.
            guard !server.log.all("worker is killed").isEmpty || !server.log.all("--timeout-stop").isEmpty else {
                throw UnexpectedResult("not told: \(server.log.tail)")
            }
            return "killed; \(end)"
        },
        Case("stop: a job of the pool that does not end, with --timeout-stop") { modules in
            let server = try Server(try modules.crashes(), short + ["--timeout-stop", "5"])
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/pool-spin"))
                try server.log.wait(for: "begun")
            }
            return try stopping.end()
        },
        Case("stop: again, at once") { modules in
            let server = try Server(try modules.crashes())
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/hold"))
                try server.log.wait(for: "begun")
            }
            server.signal(SIGTERM)
            return try stopping.end(with: 130)
        },
        Case("stop: while a worker starts up") { modules in
            let server = try Server(starting: try modules.crashes("-DSTARTUP=fputs(\"wakes\\n\", stderr), sleep(60)"))
            try server.log.wait(for: "wakes")
            let start = Time()
            server.signal(SIGTERM)
            try expect("exit status", try server.waitForEnd(), 0)
            return "exit status 0 after \(start.seconds)"
        },
        Case("stop: in a reload") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "4"])
            server.begin("reload", "--new-workers")
            try server.log.wait(for: "reloading")
            let stopping = try Stopping(server) { _ in }
            return try stopping.end()
        },
        Case("roost stop") { modules in
            let server = try Server(try modules.crashes())
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let start = Time()
            try expect("exit status of roost stop", try server.command("stop").status, 0)
            let time = start.seconds
            try expect("answer", try client.readResponse().text, "late")
            try expect("exit status", try server.waitForEnd(), 0)
            try expect("a connection afterwards", (try? server.client()) == nil, true)
            return "waits for what is under way, and returns after \(time)"
        },
    ]
}
