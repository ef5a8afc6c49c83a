import Foundation
import TestHarness
import TestSupport

/// The ways in which a file can be replaced: each is loaded completely, once, in its newest version.
extension Case {
    static let reloadWrites: [Case] = [
        .written("truncated and written in place, like cp") { library, file in
            try Data(contentsOf: URL(fileURLWithPath: library)).write(to: URL(fileURLWithPath: file))
        },
        .written("written in parts with pauses, like a linker") { library, file in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: library))
            unlink(file)
            let isCreated = FileManager.default.createFile(
                atPath: file, contents: nil, attributes: [.posixPermissions: 0o755])
            try expect("file created", isCreated, true)
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            for part in 0..<4 {
                try handle.write(contentsOf: bytes[(bytes.count * part / 4)..<(bytes.count * (part + 1) / 4)])
                // Longer than the reload delay.
                usleep(150_000)
            }
            try handle.close()
        },
        .written("replaced by a rename") { library, file in
            try FileManager.default.copyItem(atPath: library, toPath: "\(file).new")
            try expect("rename", rename("\(file).new", file), 0)
        },
        .written("unlinked and replaced by a hard link") { library, file in
            let near = "\(file).near"
            try FileManager.default.copyItem(atPath: library, toPath: near)
            unlink(file)
            try expect("link", link(near, file), 0)
            unlink(near)
        },
        .written("replaced by a symbolic link") { library, file in
            symlink(library, "\(file).link")
            try expect("rename", rename("\(file).link", file), 0)
        },
        Case("a change during a slow reload: the newest version is served without waiting") { modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve(["--workers", "2"])
            let start = Time()
            // The module creates a symbolic link when its startup begins, and another when it ends.
            let (begun, ended) = ("\(deployed.folder.path)/begun", "\(deployed.folder.path)/ended")
            try deployed.put("2", "-DSTARTUP=(symlink(\".\",\"\(begun)\"),sleep(8),symlink(\".\",\"\(ended)\"))")
            try wait(for: "the startup") { FileManager.default.fileExists(atPath: begun) }
            try deployed.put("3")
            try server.waitFor(version: "3")
            let time = start.milliseconds
            guard time < 6000 else { throw UnexpectedResult("waited for the older version: \(time) ms") }
            // The older startup ends without effect. A log line of it would precede that of the next reload.
            try wait(for: "the end of the startup") { FileManager.default.fileExists(atPath: ended) }
            try expect("version", try server.answer().version, "3")
            try expect("reloads", server.log.all(" reloaded application=app").count, 1)
            try deployed.put("4")
            try server.log.wait(for: " reloaded application=app", count: 2)
            try expect("version", try server.answer().version, "4")
            try expect("reloads", server.log.all(" reloaded application=app").count, 2)
            try server.stop()
            return "version 3 is served after \(time) ms, although the startup of version 2 takes 8 s"
        },
        Case("ten changes within a second lead to one reload") { modules in
            let deployed = try Deployed(modules)
            for number in 2...11 { _ = try modules.generation("\(number)") }
            let server = try deployed.serve()
            for number in 2...11 {
                try deployed.put("\(number)")
                if number < 11 { usleep(60_000) }
            }
            try server.waitFor(version: "11")
            try server.log.wait(for: " reloaded application=app")
            try expect("reloads", server.log.all(" reloaded application=app").count, 1)
            try server.stop()
            return "one reload, of the last version"
        },
        Case("changes in place and by renames during copying never load a partial file, and the last one is served") {
            modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve(["--reload-delay", "0"])
            let load = Crowd(of: 4, KeepAliveLoad(port: server.port, path: "/app/", pause: 2))
            let libraries = try (2...5).map {
                try Data(contentsOf: URL(fileURLWithPath: try modules.generation("\($0)")))
            }
            for round in 0..<200 {
                if round % 3 == 0 {
                    try deployed.put("\(round % 4 + 2)")
                } else {
                    // Writes into the file that may be being copied.
                    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: deployed.file))
                    try handle.write(contentsOf: libraries[round % 4])
                    try handle.truncate(atOffset: UInt64(libraries[round % 4].count))
                    try handle.close()
                }
                usleep(UInt32.random(in: 0...20_000))
            }
            try deployed.put("6")
            try server.waitFor(version: "6")
            try load.stop()
            guard load.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(load.tally.losses.map(\.text))") }
            try expect("crashes", try server.status().crashes, 0)
            let reloads = server.log.all(" reloaded application=app").count
            try server.stop()
            return "200 changes, \(reloads) reloads, \(load.tally.counts.answered) responses, none lost"
        },
        Case("the file of generation 1 restored as generation 3 has new statics") { modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve()
            for _ in 1...5 { _ = try server.answer() }
            let process = try server.answer().process
            try deployed.put("2")
            try server.waitFor(version: "2")
            try deployed.put("1")
            try wait(for: "generation 3") {
                let answer = try server.answer()
                return answer.version == "1" && answer.count < 6
            }
            try expect("process", try server.answer().process, process)
            try server.stop()
            return "the counter was reset, in the same process"
        },
    ]

    private static func written(
        _ name: String, _ write: @escaping @Sendable (_ library: String, _ file: String) throws -> Void
    ) -> Case {
        Case("written: \(name)") { modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve()
            let load = Crowd(of: 4, KeepAliveLoad(port: server.port, path: "/app/", pause: 2))
            for version in ["2", "3"] {
                try write(try modules.generation(version), deployed.file)
                try server.waitFor(version: version)
            }
            try load.stop()
            guard load.tally.losses.isEmpty else { throw UnexpectedResult("lost: \(load.tally.losses.map(\.text))") }
            try server.log.wait(for: " reloaded application=app", "by=\"in place\"", count: 2)
            try expect("reloads", server.log.all(" reloaded application=app", "by=\"in place\"").count, 2)
            try server.stop()
            return "\(load.tally.counts.answered) responses, none lost; one reload for each of two changes"
        }
    }
}
