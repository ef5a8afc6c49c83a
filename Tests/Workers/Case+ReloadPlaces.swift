import Foundation
import TestHarness
import TestSupport

/// Reloads in running workers, and reloads that require new workers.
extension Case {
    static let reloadPlaces: [Case] = [
        Case("in place: a declared module is reloaded in all workers by roost reload and by SIGHUP") { modules in
            let folder = try TemporaryFolder()
            let module = "\(folder.path)/app.so"
            func put(_ version: String) throws {
                try FileManager.default.copyItem(atPath: try modules.generation(version), toPath: "\(module).part")
                try expect("rename", rename("\(module).part", module), 0)
            }
            try put("1")
            let server = try Server(module, ["--workers", "3"])
            let workers = Set(try server.waitForWorkers(3))
            try put("2")
            try expect("version before the reload", try server.answer(at: "/").version, "1")
            let answer = try server.command("reload")
            guard answer.output.contains(", in place, ") else {
                throw UnexpectedResult("\(answer.output)\(answer.error)")
            }
            // Once the command has returned, every worker has the new version.
            for _ in 0..<30 { try expect("version", try server.answer(at: "/").version, "2") }
            try put("3")
            server.signal(SIGHUP)
            try server.waitForReload("in place", count: 2)
            for _ in 0..<30 { try expect("version", try server.answer(at: "/").version, "3") }
            try expect("workers", Set(try server.waitForWorkers(3)), workers)
            try server.stop()
            return "the same 3 workers before and after; \(answer.output.split(separator: "\n").first ?? "")"
        },
        Case("in place: a request keeps its generation, a stream and a WebSocket end after --reload-drain") { modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve(["--reload-drain", "1"])
            let (parts, endless, socket) = (try server.client(), try server.client(), try server.client())
            try expect("handshake", try socket.openWebSocket("/app/ws").status, 101)
            endless.send(Case.get("/app/endless"))
            parts.send(Case.get("/app/parts"))
            _ = try parts.readMore()
            try deployed.put("2")
            try server.waitFor(version: "2")
            let start = Time()
            socket.send(.text("who"))
            try expect("generation of the WebSocket", try socket.readNonPingFrame()?.text, "1")
            try expect("close", try socket.readNonPingFrame()?.closeCode, 1012)
            let time = start.seconds
            try expect("parts", try parts.readResponse().text, "111")
            let rest = try endless.readToEnd()
            guard rest.contains("1"), !rest.contains("\r\n2\r\n") else { throw UnexpectedResult("the stream is mixed") }
            try expect("answer", try server.answer().version, "2")
            try server.stop()
            return "all parts from one generation; 1012 and the end of the stream after \(time)"
        },
        Case("in place: a group is reloaded through the relay, and by a new worker above --limit-images") { modules in
            let deployed = try Deployed(modules)
            try deployed.folder.write("modules/app.yaml", "worker: own\n")
            let server = try deployed.serve(["--reload-drain", "1", "--limit-images", "2"])
            try server.waitFor(version: "1")
            let process = try server.answer().process
            let load = Crowd(of: 8, KeepAliveLoad(port: server.port, path: "/app/", pause: 2))
            let socket = try server.client()
            try expect("handshake", try socket.openWebSocket("/app/ws").status, 101)
            for version in 2...3 {
                try deployed.put("\(version)")
                try server.waitFor(version: "\(version)")
                try expect("process", try server.answer().process, process)
            }
            try expect("close", try socket.readNonPingFrame()?.closeCode, 1012)
            try deployed.put("4")
            try server.waitFor(version: "4")
            try expect("same process", try server.answer().process == process, false)
            try load.stop()
            guard load.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(load.tally.losses.map(\.text))") }
            try server.stop()
            return "\(load.tally.counts.answered) responses, none lost"
        },
        Case("an application with an environment variable takes new workers; applications of one file reload together")
        {
            modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve()
            try server.waitFor(version: "1")
            symlink("app.so", "\(deployed.path)/twin.so")
            try server.waitFor(version: "1", at: "/twin/")
            try deployed.put("2")
            try server.waitFor(version: "2")
            try server.waitFor(version: "2", at: "/twin/")
            try expect("in place", server.log.all(" reloaded application=", "by=\"in place\"").count, 2)
            try deployed.folder.write("modules/some/where.yaml", "title: x\n")
            try deployed.folder.write("modules/app.yaml", "{variable: PLACE, settings: some.where}\n")
            try server.log.wait(
                for: "new worker needed application=app ",
                "reason=\"its environment variable PLACE must be some.where\"")
            try server.waitForReload("new workers")
            let forced = try server.command("reload", "twin", "--force")
            try expect("lines", forced.output.split(separator: "\n").count, 2)
            try server.stop()
            return "both reloaded together, then by new workers"
        },
        .byNewWorker(
            "ASGI_RELOAD_PROCESS", "the module requires a new process (ASGI_RELOAD_PROCESS)",
            "-DFLAGS=ASGI_RELOAD_PROCESS"),
        .byNewWorker("static TLS", "it has static TLS", "-DSTATIC_TLS"),
        .byNewWorker("unique symbols of g++", "it has unique symbols of g++ (_ZN6shared", "-DUNIQUE"),
        Case("a new worker: private libraries, also if only these have changed") { modules in
            let folder = try TemporaryFolder()
            func part(_ version: String) throws {
                let new = try Fixture.compile(
                    "const char *part(void) { return \"\(version)\"; }", named: "part-\(version)", in: folder)
                try expect("rename", rename(new, "\(folder.path)/modules/libpart.so"), 0)
            }
            mkdir("\(folder.path)/modules", 0o755)
            try part("1")
            let module = try Fixture.compile(
                file: Repository.fixture("Generations.c"), named: "app",
                flags: [
                    "-DVERSION=\"0\"", "-DPART", "-L\(folder.path)/modules", "-l:libpart.so", "-Wl,-rpath,$ORIGIN",
                ], in: folder)
            try expect("rename", rename(module, "\(folder.path)/modules/app.so"), 0)
            let server = try Server("\(folder.path)/modules/app.so")
            try server.waitFor(version: "1", at: "/")
            try part("2")
            let answer = try server.command("reload")
            guard answer.output.contains("new workers") else {
                throw UnexpectedResult("\(answer.output)\(answer.error)")
            }
            try expect("version", try server.answer(at: "/").version, "2")
            let line = try server.log.wait(for: "new worker needed ", "reason=\"it has private libraries (")
            try server.stop()
            return String((line.components(separatedBy: "reason=").last ?? "").prefix(60))
        },
        Case("a new worker: the limits of loaded images, by number and by size") { modules in
            for (option, word) in [("--limit-images=3", "--limit-images"), ("--limit-image-bytes=100000", "bytes")] {
                let deployed = try Deployed(modules)
                let server = try deployed.serve([option])
                var processes: Set<Int32> = []
                for number in 2...9 {
                    try deployed.put("\(number)")
                    try server.waitFor(version: "\(number)")
                    processes.insert(try server.answer().process)
                }
                let lines = server.log.all("new worker needed ", "reason=\"the worker has loaded ", word)
                guard 1...4 ~= lines.count, processes.count == lines.count + 1 else {
                    throw UnexpectedResult("\(option): \(lines.count) lines, \(processes.count) processes")
                }
                try server.stop()
            }
            return "three generations, then a new worker; logged"
        },
        Case("without a supervisor a reload that needs a new worker is refused, and a later one succeeds") { modules in
            let deployed = try Deployed(modules, "1", "-DSTATIC_TLS")
            let server = try Server("--modules=\(deployed.path)", ["--no-supervisor"])
            try deployed.put("2", "-DSTATIC_TLS")
            try server.log.wait(
                for: "reload failed, previous version still serving application=app ",
                "cannot be loaded beside the previous version, since it has static TLS")
            try expect("version", try server.answer().version, "1")
            try deployed.put("3")
            try server.waitFor(version: "3")
            try server.stop()
            return "refused with a reason and a remedy; the next loadable version is served"
        },
    ]

    private static func byNewWorker(_ name: String, _ word: String, _ flag: String) -> Case {
        Case("a new worker: \(name)") { modules in
            let deployed = try Deployed(modules, "1", flag)
            let server = try deployed.serve()
            let before = try server.answer()
            try deployed.put("2", flag)
            try server.waitFor(version: "2")
            let line = try server.log.wait(for: "new worker needed ", "reason=\"\(word)")
            try server.waitForReload("new workers")
            try expect("same process", try server.answer().process == before.process, false)
            try server.stop()
            return String((line.components(separatedBy: "reason=").last ?? "").prefix(80))
        }
    }
}
