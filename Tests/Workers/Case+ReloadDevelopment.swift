import Foundation
import TestHarness
import TestSupport

/// `--reload`, with and without a build, and the state of an application across reloads.
extension Case {
    static let reloadDevelopment: [Case] = [
        Case("--reload follows a declared module and its settings, and without it nothing is reloaded") { modules in
            let project = try Project(modules)
            let server = try Server(project.module, project.options(["--reload"]))
            try project.put("2")
            try server.waitFor(version: "2", at: "/")
            try server.waitForReload("in place")
            try project.folder.write("settings.yaml", "title: other\n")
            try server.waitForReload("in place", count: 2)
            let other = try Server(project.module, project.options([]))
            try project.put("3")
            // The first server has reloaded by then, so the second has had the same time.
            try server.waitForReload("in place", count: 3)
            try expect("version", try other.answer(at: "/").version, "2")
            try other.stop()
            try server.stop()
            return "the module, then its settings, each with one log line"
        },
        Case(
            "--build: a change is built and served; a compile error is logged, and the previous version keeps serving"
        ) {
            modules in
            let project = try Project(modules)
            let server = try Server(
                project.module, project.options(["--reload", "--reload-dir", project.source, "--build", project.build]))
            try project.edit("2")
            try server.waitFor(version: "2", at: "/")
            try project.edit("3\" oops")
            try server.log.wait(for: "build failed, previous version still serving status=1 ")
            try expect("no compiler output in the log", server.log.all("error: ").isEmpty, false)
            try expect("version", try server.answer(at: "/").version, "2")
            try project.edit("4")
            let start = Time()
            try server.waitFor(version: "4", at: "/")
            let time = start.milliseconds
            // The log line follows the first response of the new version.
            try server.log.wait(for: " reloaded application=", count: 2)
            // Files that match no pattern start no build.
            try project.folder.write("source/notes.txt", "x")
            try project.folder.write("source/.app.c.swp", "x")
            usleep(500_000)
            try expect("builds", server.log.all("info     building ").count, 3)
            try expect("reloads", server.log.all(" reloaded application=").count, 2)
            try server.stop()
            return "served \(time) ms after the change, including the compiler"
        },
        Case("--build: a newer change cancels an older build and its processes") { modules in
            let project = try Project(modules)
            let slow = "if grep -q SLOW \(project.source)/app.c; then sleep 31; fi; \(project.build)"
            let server = try Server(
                project.module, project.options(["--reload", "--reload-dir", project.source, "--build", slow]))
            try project.edit("2 /* SLOW */")
            try server.log.wait(for: "info     building ")
            try wait(for: "sleep") { try Self.runs("sleep 31") }
            try project.edit("3")
            let start = Time()
            try server.waitFor(version: "3", at: "/")
            let time = start.milliseconds
            try wait(for: "the end of the cancelled processes") { try !Self.runs("sleep 31") }
            try expect("logged failures", server.log.all("build failed"), [])
            try project.edit("4 /* SLOW */")
            try wait(for: "sleep") { try Self.runs("sleep 31") }
            try server.stop()
            try expect("processes left by a shutdown", try Self.runs("sleep 31"), false)
            return "the newer version is served after \(time) ms; no process left running"
        },
        Case(
            "--reload-dir without --build reloads the application, with --reload-include and --reload-exclude"
        ) {
            modules in
            let project = try Project(modules)
            let server = try Server(
                project.module,
                project.options([
                    "--reload", "--reload-dir", project.source, "--reload-include", "*.html", "--reload-exclude", "*.c",
                ]))
            for _ in 1...5 { _ = try server.answer(at: "/") }
            try project.edit("2")
            usleep(400_000)
            try expect("count", try server.answer(at: "/").count, 6)
            try project.folder.write("source/deep/page.html", "x")
            try wait(for: "reset statics") { try server.answer(at: "/").count < 6 }
            try project.folder.write("source/deep/page.html", "y")
            try server.waitForReload("in place", count: 2)
            try server.stop()
            return "a page in a new folder reloads, an excluded source does not"
        },
        .remembered("in place", []),
        .remembered("by a new worker", ["--limit-images", "0"]),
    ]

    private static func runs(_ command: String) throws -> Bool {
        try Command.run(["pgrep", "-f", "^\(command)"]).status == 0
    }

    private static func remembered(_ how: String, _ options: [String]) -> Case {
        Case("rooms of the chat survive a reload \(how), and its WebSockets are closed with 1012") { modules in
            let folder = try TemporaryFolder()
            let chat = try Data(contentsOf: URL(fileURLWithPath: "\(Repository.root)/.build/release/libChat.so"))
            let module = "\(folder.path)/libchat.so"
            try chat.write(to: URL(fileURLWithPath: module))
            let server = try Server(module, options)
            func enter(_ name: String) throws -> (RawClient, String) {
                let client = try server.client()
                try expect("handshake", try client.openWebSocket("/room").status, 101)
                client.send(.text("name \(name)"))
                return (client, try client.readNonPingFrame()?.text ?? "")
            }
            let (ada, _) = try enter("Ada")
            _ = try ada.readNonPingFrame()
            for number in 1...3 {
                ada.send(.text("say message \(number) of Ada"))
                _ = try ada.readNonPingFrame()
            }
            for round in 1...2 {
                // Different bytes, same behaviour.
                try (chat + Data("\(round)".utf8)).write(to: URL(fileURLWithPath: "\(module).new"))
                try expect("rename", rename("\(module).new", module), 0)
                let answer = try server.command("reload")
                try expect("exit status", answer.status, 0)
                guard answer.output.contains(how == "in place" ? "in place" : "new workers") else {
                    throw UnexpectedResult(answer.output)
                }
                if round == 1 { try expect("close", try ada.readNonPingFrame()?.closeCode, 1012) }
            }
            let (_, room) = try enter("Ada")
            for number in 1...3 where !room.contains("message \(number) of Ada") {
                throw UnexpectedResult("message lost: \(room)")
            }
            try expect("warnings", server.log.all("state not transferred"), [])
            try server.stop()
            return "three messages kept over two reloads; 1012 at once"
        }
    }
}

/// A module, its source and its settings.
private struct Project {
    let folder: TemporaryFolder
    let modules: Modules
    var module: String { "\(self.folder.path)/app.so" }
    var source: String { "\(self.folder.path)/source" }

    init(_ modules: Modules) throws {
        self.folder = try TemporaryFolder()
        self.modules = modules
        try self.folder.write("settings.yaml", "title: one\n")
        try self.edit("1")
        try self.put("1")
    }

    func options(_ more: [String]) -> [String] { ["--app-dir", self.folder.path, "--settings", "settings"] + more }

    var build: String {
        "cc -shared -fPIC -I \(Repository.headers) -o \(self.module).new \(self.source)/app.c && mv \(self.module).new \(self.module)"
    }

    /// Writes the source like an editor: to a temporary file that is renamed.
    func edit(_ version: String) throws {
        let text =
            "#define VERSION \"\(version.split(separator: " ")[0])\" \(version.split(separator: " ").dropFirst().joined(separator: " "))\n"
            + "#include \"\(Repository.fixture("Generations.c"))\"\n"
        try self.folder.write("source/.app.c.part", text)
        try expect("rename", rename("\(self.source)/.app.c.part", "\(self.source)/app.c"), 0)
    }

    func put(_ version: String) throws {
        try FileManager.default.copyItem(atPath: try self.modules.generation(version), toPath: "\(self.module).new")
        try expect("rename", rename("\(self.module).new", self.module), 0)
    }
}
