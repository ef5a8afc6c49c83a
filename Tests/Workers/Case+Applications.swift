import Foundation
import TestHarness
import TestSupport

/// Many applications of one server: added, changed, removed, and in worker groups. No change may affect another
/// application.
extension Case {
    static let applications: [Case] = [
        Case("a drop-in module is added, configured, replaced and removed under load") { modules in
            let site = try Site(modules, ["stay", "index"])
            let server = try site.serve(["--workers", "2"])
            let stay = Crowd(of: 16, KeepAliveLoad(port: server.port, path: "/stay/x"))
            try stay.wait(forMore: 100)
            let start = Time()
            try site.put("guest", "1")
            try server.waitFor("/guest/x", version: "1")
            let appeared = start.seconds
            let guest = Crowd(of: 8, KeepAliveLoad(port: server.port, path: "/guest/x", pause: 2))
            try guest.wait(forMore: 100)
            try site.settings("guest", "settings: {title: configured}\n")
            try wait(for: "the new settings") { try server.ask("/guest/x").text.hasSuffix("|configured|1") }
            try guest.wait(forMore: 100)
            try site.put("guest", "2")
            try server.waitFor("/guest/x", version: "2")
            try guest.wait(forMore: 100)
            // A linker may unlink the old file first.
            try site.remove("guest.so")
            usleep(400_000)
            try site.put("guest", "3")
            try server.waitFor("/guest/x", version: "3")
            try guest.stop()
            try site.remove("guest.so")
            try wait(for: "the unmount") { try server.ask("/guest/x").text.hasPrefix("|/guest/x|") }
            try stay.stop()
            for load in [stay, guest] {
                guard load.tally.losses.isEmpty else {
                    throw UnexpectedResult("lost: \(load.tally.losses.map(\.text))")
                }
            }
            try server.stop()
            return
                "served after \(appeared); \(stay.tally.counts.answered) + \(guest.tally.counts.answered) responses"
        },
        Case("twenty modules are added at once, then removed at once") { modules in
            let site = try Site(modules, ["index"])
            let server = try site.serve(["--workers", "2"])
            let start = Time()
            for number in 1...20 { try site.put("m\(number)", "1") }
            for number in 1...20 { try server.waitFor("/m\(number)/", version: "1") }
            let time = start.seconds
            for number in 1...20 { try site.remove("m\(number).so") }
            for number in 1...20 {
                try wait(for: "the unmount of m\(number)") {
                    try server.ask("/m\(number)/").text.hasPrefix("|/m\(number)/|")
                }
            }
            try server.stop()
            return "all served after \(time)"
        },
        Case("a module that is written slowly in place is mounted once it is complete") { modules in
            let site = try Site(modules, ["index"])
            let server = try site.serve()
            let bytes = try Data(contentsOf: URL(fileURLWithPath: try site.library("1")))
            let path = "\(site.path)/slow.so"
            try expect("file created", FileManager.default.createFile(atPath: path, contents: nil), true)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            for part in 0..<4 {
                try file.write(contentsOf: bytes[(bytes.count * part / 4)..<(bytes.count * (part + 1) / 4)])
                // Long enough for a scan.
                usleep(300_000)
                if part < 3, try server.ask("/slow/").status == 200,
                    !(try server.ask("/slow/").text.hasPrefix("|/slow/|"))
                {
                    throw UnexpectedResult("served before the file was complete")
                }
            }
            try file.close()
            try server.waitFor("/slow/", version: "1")
            try expect("no log line of an incomplete file", server.log.all("is truncated").isEmpty, false)
            try server.stop()
            return "logged as incomplete, then served"
        },
        Case("an application that fails to start gets 503, and the others keep serving") { modules in
            let site = try Site(modules, ["index", "stay"])
            let server = try site.serve(["--workers", "2"])
            let stay = Crowd(of: 8, KeepAliveLoad(port: server.port, path: "/stay/x"))
            try stay.wait(forMore: 100)
            try site.settings("refused", "settings: {title: refuse}\n")
            try site.put("refused", "1")
            try server.waitFor("/refused/", status: 503)
            guard try server.status().applications.contains(where: { $0.fault?.contains("is not wanted") == true })
            else {
                throw UnexpectedResult("roost status does not report the fault")
            }
            try site.settings("refused", "settings: {title: welcome}\n")
            try server.waitFor("/refused/", version: "1")
            try stay.stop()
            guard stay.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(stay.tally.losses.map(\.text))") }
            try site.settings("crashing", "settings: {title: crash}\n")
            try site.put("crashing", "1")
            try server.waitFor("/crashing/", status: 503)
            try expect("crashes", try server.status().crashes, 1)
            try server.waitForWorkers(2)
            try expect("status of another application", try server.ask("/stay/").status, 200)
            try server.stop()
            return "refused, then corrected and served; the crash cost one of two workers"
        },
        Case("the drop-in folder is replaced by a symbolic link, which is then switched, under load") { modules in
            let site = try Site(modules, ["stay", "old"])
            for folder in ["r1", "r2"] {
                mkdir("\(site.folder.path)/\(folder)", 0o755)
                try site.put("stay", "1", in: folder)
            }
            try site.put("first", "1", in: "r1")
            try site.put("second", "1", in: "r2")
            let server = try site.serve()
            let stay = Crowd(of: 8, KeepAliveLoad(port: server.port, path: "/stay/x", pause: 5))
            try stay.wait(forMore: 20)
            rename(site.path, "\(site.folder.path)/away")
            symlink("r1", site.path)
            try server.waitFor("/first/", version: "1")
            try server.waitFor("/old/", status: 404)
            symlink("r2", "\(site.folder.path)/new")
            rename("\(site.folder.path)/new", site.path)
            try server.waitFor("/second/", version: "1")
            try server.waitFor("/first/", status: 404)
            try stay.stop()
            guard stay.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(stay.tally.losses.map(\.text))") }
            try server.stop()
            return "\(stay.tally.counts.answered) responses of the module in all three folders, none lost"
        },
        Case("a module is found although the inotify queue has overflowed") { modules in
            let site = try Site(modules, ["index"])
            let limit = "/proc/sys/fs/inotify/max_queued_events"
            let before = (try? String(contentsOfFile: limit, encoding: .utf8)) ?? ""
            try? "16\n".write(toFile: limit, atomically: false, encoding: .utf8)
            defer { try? before.write(toFile: limit, atomically: false, encoding: .utf8) }
            let isSmall = (try? String(contentsOfFile: limit, encoding: .utf8)) == "16\n"
            let server = try site.serve()
            for number in 0..<2000 { try site.folder.write("modules/noise\(number)", "") }
            try site.put("found", "1")
            try server.waitFor("/found/", version: "1")
            try server.stop()
            return isSmall ? "found, with a queue of 16 events" : "found (the queue could not be made small here)"
        },
        Case("a crash in a worker group affects no other application, and the group restarts") { modules in
            let site = try Site(modules, ["index", "stay"])
            try site.settings("own", "worker: own\n")
            try site.put("own", "1")
            let server = try site.serve(["--workers", "2"])
            try server.waitFor("/own/", version: "1")
            let stay = Crowd(of: 8, KeepAliveLoad(port: server.port, path: "/stay/x"))
            try stay.wait(forMore: 100)
            let start = Time()
            try expect("status of the crashing request", try server.ask("/own/crash").status, 503)
            try server.waitFor("/own/", version: "1")
            let time = start.seconds
            try stay.stop()
            guard stay.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(stay.tally.losses.map(\.text))") }
            try expect("crashes", try server.status().crashes, 1)
            try server.stop()
            return "503, restarted after \(time); \(stay.tally.counts.answered) responses of the others, none lost"
        },
        Case("a group is reloaded and mounted elsewhere under load, with requests and a WebSocket through the relay") {
            modules in
            let site = try Site(modules, ["index"])
            try site.settings("bench", "worker: own\n")
            try FileManager.default.copyItem(atPath: Modules.bench, toPath: "\(site.path)/bench.so")
            let server = try site.serve(["--workers", "2"])
            try server.waitFor("/bench/", status: 200)
            let load = Crowd(of: 16, KeepAliveLoad(port: server.port, path: "/bench/", pause: 1))
            try load.wait(forMore: 200)
            let socket = try server.client()
            try expect("handshake", try socket.openWebSocket("/bench/ws").status, 101)
            for text in ["a", String(repeating: "b", count: 100_000)] {
                socket.send(.text(text))
                try expect("echo", try socket.readNonPingFrame()?.text, text)
            }
            for _ in 1...3 {
                try server.reload("--new-workers")
                try load.wait(forMore: 200)
            }
            try expect("close code", try socket.readNonPingFrame()?.closeCode, 1012)
            try site.settings("bench", "worker: own\nmount: /other\n")
            try server.waitFor("/other/", status: 200)
            try load.stop()
            let lost = load.tally.losses.filter { !$0.text.contains("status 404") }
            guard lost.isEmpty else { throw UnexpectedResult("lost: \(lost.map(\.text))") }
            try server.stop()
            return "\(load.tally.counts.answered) responses, none lost; the WebSocket was closed with 1012"
        },
        Case("a group runs as its own user, with its own environment") { modules in
            guard geteuid() == 0 else { return "skipped: requires root" }
            let site = try Site(modules)
            try site.folder.write(
                "settings.yaml",
                """
                server: {groups: {own: {user: nobody, environment: {PLACE: elsewhere}}}}
                applications:
                  - {module: "\(try site.library("1"))", mount: /own, worker: own}
                  - {module: "\(try site.library("1"))", mount: /front}
                """)
            chmod(site.folder.path, 0o755)
            let server = try Server("--app-dir=\(site.folder.path)", ["--settings", "settings"])
            try server.waitFor("/own/", version: "1")
            try expect("user and variable", try server.ask("/own/who").text, "65534 elsewhere")
            try expect("user and variable", try server.ask("/front/who").text, "0 none")
            try server.stop()
            return "the group runs as nobody with its own variable, the front workers as root"
        },
        Case("slow clients of a group do not make its worker grow") { modules in
            let site = try Site(modules)
            try site.settings("bench", "worker: own\n")
            try FileManager.default.copyItem(atPath: Modules.bench, toPath: "\(site.path)/bench.so")
            let server = try site.serve()
            try server.waitFor("/bench/", status: 200)
            let clients = try (0..<20).map { _ in try server.client() }
            for client in clients { client.send("GET /bench/1m HTTP/1.1\r\nhost: x\r\n\r\n") }
            try expect("status of another request", try server.ask("/bench/").status, 200)
            let memory = try server.status().workers.map(\.memory).max() ?? 0
            for client in clients {
                let response = try client.readResponse()
                try expect("body size", response.body.count, 1 << 20)
            }
            try server.stop()
            return "20 pending responses of 1 MiB; the largest worker has \(mebibytes(memory)) of resident memory"
        },
    ]
}
