import Foundation
import TestHarness
import TestSupport

/// Applications that crash their workers repeatedly.
extension Case {
    private static let two = "-DRELEASE=\"two\""
    private static let three = "-DRELEASE=\"three\""

    static let quarantine: [Case] = [
        Case("three crashes quarantine an application until its file changes") { modules in
            let deployment = try Deployment(try modules.crashes())
            let server = try Server(deployment.path, ["--workers", "2"])
            let time = try Self.crashTooOften(server)
            try server.log.wait(
                for: "critical application quarantined application=crashes generation=", " reason=", " serving=503")
            try Self.expectAnswer(of: server, 503)
            for _ in 0..<10 { try expect("status", try server.ask("/").status, 503) }
            let status = try server.status()
            try expect("application", status.applications.map(\.state), ["quarantined"])
            try expect("crashes", status.crashes, 3)
            try deployment.put(try modules.crashes(Self.two))
            try server.reload()
            for _ in 0..<10 { try expect("response", try server.ask("/").text.prefix(4), "two ") }
            try server.waitForWorkers(2)
            try server.stop()
            return "3 crashes in \(time), then 503; the new file is served"
        },
        Case("three crashes of a new version bring back the previous version") { modules in
            let deployment = try Deployment(try modules.crashes())
            let server = try Server(deployment.path, ["--workers", "2"])
            let previous = try server.status().applications.first?.generation ?? "none"
            try deployment.put(try modules.crashes(Self.two))
            try server.reload()
            let before = Time()
            try Self.crashTooOften(server)
            try server.log.wait(for: "critical application quarantined ", " serving=\(previous)")
            try wait(for: "the previous version") { (try? server.ask("/").text.hasPrefix("one ")) ?? false }
            let time = before.seconds
            try server.waitForWorkers(2)
            for _ in 0..<10 { try expect("response", try server.ask("/").text.prefix(4), "one ") }
            try expect("application", try server.status().applications.map(\.state), ["serving"])
            try deployment.put(try modules.crashes(Self.three))
            try server.reload()
            try expect("response", try server.ask("/").text.prefix(6), "three ")
            try server.stop()
            return "previous version serving \(time) after the first crash, then the next version"
        },
        Case("503 while no worker can start, until one does") { modules in
            let folder = try TemporaryFolder()
            let fault = "\(folder.path)/fault"
            let server = try Server(
                try modules.crashes(
                    "-DSTARTUP=if (!access(\"\(fault)\", F_OK)) done.type = ASGI_LIFESPAN_STARTUP_FAILED"),
                ["--workers", "2"])
            try folder.write("fault", "")
            for worker in server.workers { kill(worker, SIGKILL) }
            try Self.expectAnswer(of: server, 503)
            try expect("application", try server.status().applications.map(\.state), ["failing"])
            unlink(fault)
            let start = Time()
            try server.waitForWorkers(2)
            let time = start.seconds
            try expect("status", try server.ask("/").status, 200)
            try server.stop()
            return "503; serving again \(time) after the fault was removed"
        },
        Case("/healthz and /readyz before and during quarantine") { modules in
            let server = try Server(try modules.crashes(), ["--health"])
            try expect("/healthz", try server.ask("/healthz").status, 200)
            try expect("/readyz", try server.ask("/readyz").status, 200)
            try Self.crashTooOften(server)
            try Self.expectAnswer(of: server, 503)
            try expect("/healthz", try server.ask("/healthz").status, 200)
            try expect("/readyz", try server.ask("/readyz").status, 503)
            try server.stop()
            return "200 and 200, then 200 and 503"
        },
    ]

    /// Crashes three workers. Returns how long that took.
    @discardableResult
    private static func crashTooOften(_ server: Server) throws -> String {
        let start = Time()
        for number in 1...3 {
            let client = try server.client()
            client.send(Case.get("/segfault"))
            try expect("response", try client.readToEnd(), "")
            try server.log.wait(for: "worker crashed ", " signal=SIGSEGV ", count: number)
        }
        return start.seconds
    }

    /// Waits for a status: an old worker may still respond until the stand-in is ready.
    private static func expectAnswer(of server: Server, _ status: Int) throws {
        try wait(for: "status \(status)") { try server.ask("/").status == status }
    }
}
