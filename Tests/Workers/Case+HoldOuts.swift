import Foundation
import TestHarness
import TestSupport

/// Shutdowns while modules delay them, and shutdowns that do not wait.
extension Case {
    private static let short = ["--timeout-graceful-shutdown", "1"]

    static let holdOuts: [Case] = [
        Case("shutdown: a request without a response") { modules in
            let server = try Server(try modules.crashes(), short)
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/hold"))
                try server.log.wait(for: "begun")
            }
            try expect("response", try stopping.client.readToEnd(), "")
            let time = stopping.time
            let end = try stopping.end()
            try server.log.wait(for: "warning  unfinished requests cancelled ", "count=1")
            return "closed after \(time), cancelled; \(end)"
        },
        Case("shutdown: a scope that continues after its response") { modules in
            let server = try Server(try modules.crashes(), short)
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/unfinished"))
                try expect("status", try client.readResponse().status, 200)
            }
            let end = try stopping.end()
            try server.log.wait(for: "warning  unfinished requests cancelled ", "count=1")
            return "cancelled; \(end)"
        },
        Case("shutdown: an application that never completes its lifespan shutdown") { modules in
            let server = try Server(try modules.crashes("-DSHUTDOWN=return"), ["--timeout-lifespan", "2"])
            let stopping = try Stopping(server) { _ in }
            let end = try stopping.end()
            try server.log.wait(for: "error    application shutdown failed ", " reason=")
            return "logged; \(end)"
        },
        Case("shutdown: a stalled loop, with --timeout-stop") { modules in
            let server = try Server(try modules.crashes(), short + ["--timeout-stop", "3"])
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/spin"))
                try server.log.wait(for: "begun")
            }
            // The worker had to be killed.
            let end = try stopping.end(with: 1)
            // The supervisor or the worker itself enforces the limit, which is the same.
            guard !server.log.all("killing worker").isEmpty || !server.log.all("shutdown timed out").isEmpty else {
                throw UnexpectedResult("the kill is not in the log: \(server.log.tail)")
            }
            return "killed; \(end)"
        },
        Case("shutdown: a pool job without end, with --timeout-stop") { modules in
            let server = try Server(try modules.crashes(), short + ["--timeout-stop", "5"])
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/pool-spin"))
                try server.log.wait(for: "begun")
            }
            return try stopping.end()
        },
        Case("shutdown: a second SIGTERM") { modules in
            let server = try Server(try modules.crashes())
            let stopping = try Stopping(server) { client in
                client.send(Case.get("/hold"))
                try server.log.wait(for: "begun")
            }
            server.signal(SIGTERM)
            return try stopping.end(with: 130)
        },
        Case("shutdown: during the startup of a worker") { modules in
            let server = try Server(starting: try modules.crashes("-DSTARTUP=fputs(\"wakes\\n\", stderr), sleep(60)"))
            try server.log.wait(for: "wakes")
            let start = Time()
            server.signal(SIGTERM)
            try expect("exit status", try server.waitForEnd(), 0)
            return "exit status 0 after \(start.seconds)"
        },
        Case("shutdown: during a reload") { modules in
            let server = try Server(try modules.crashes(), ["--workers", "4"])
            server.begin("reload", "--new-workers")
            try server.log.wait(for: "reloading")
            let stopping = try Stopping(server) { _ in }
            return try stopping.end()
        },
        Case("roost stop waits for pending requests") { modules in
            let server = try Server(try modules.crashes())
            let client = try server.client()
            client.send(Case.get("/slow"))
            try server.log.wait(for: "begun")
            let start = Time()
            try expect("exit status of roost stop", try server.command("stop").status, 0)
            let time = start.seconds
            try expect("response", try client.readResponse().text, "late")
            try expect("exit status", try server.waitForEnd(), 0)
            try expect("connection refused afterwards", (try? server.client()) == nil, true)
            return "returned after \(time), with the response complete"
        },
    ]
}
