import Foundation
import TestHarness
import TestSupport

/// `--reload`, with and without a build; and what an application remembers.
extension Case {
    static let reloadDevelopment: [Case] = [
        Case("--reload: a declared module and its settings; nothing without it") { modules in
            let project = try Project(modules)
            let server = try Server(project.module, project.options(["--reload"]))
            try project.put("2")
            try server.waitFor(version: "2", at: "/")
            try server.waitForReload("in place")
            try project.folder.write("settings.yaml", "title: other\n")
            try server.waitForReload("in place", count: 2)
            let other = try Server(project.module, project.options([]))
            try project.put("3")
            // By then it has been seen.
            try server.waitForReload("in place", count: 3)
            try expect("version", try other.answer(at: "/").version, "2")
            try other.stop()
            try server.stop()
            return "the module, then its settings; one line each"
        },
        Case(
            "--build: an edit is built and served; what does not compile shows the compiler's words, and the old one serves"
        ) {
            modules in
            let project = try Project(modules)
            let server = try Server(
                project.module, project.options(["--reload", "--reload-dir", project.source, "--build", project.build]))
            try project.edit("2")
            try server.waitFor(version: "2", at: "/")
            try project.edit("3\" oops")
            try server.log.wait(for: "build failed (status 1), previous version still serving")
            try expect("compiler's words", server.log.all("error: ").isEmpty, false)
            try expect("version", try server.answer(at: "/").version, "2")
            try project.edit("4")
            let start = Time()
            try server.waitFor(version: "4", at: "/")
            let time = start.milliseconds
            // It is told after the first has seen it.
            try server.log.wait(for: " reloaded application=", count: 2)
            // What no pattern names builds nothing.
            try project.folder.write("source/notes.txt", "x")
            try project.folder.write("source/.app.c.swp", "x")
            usleep(500_000)
            try expect("builds", server.log.all("info     building ").count, 3)
            try expect("reloads", server.log.all(" reloaded application=").count, 2)
            try server.stop()
            return "served \(time) ms after the edit, of which the compiler has most"
        },
        Case("--build: a newer change cancels an older build, with all that it has started") { modules in
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
            try wait(for: "the end of what it had started") { try !Self.runs("sleep 31") }
            try expect("failures told", server.log.all("build failed"), [])
            try project.edit("4 /* SLOW */")
            try wait(for: "sleep") { try Self.runs("sleep 31") }
            try server.stop()
            try expect("left over", try Self.runs("sleep 31"), false)
            return "the newer one serves after \(time) ms; nothing is left running, neither by a stop"
        },
        Case(
            "--reload-dir without a build: what is read at the start is read again; --reload-include, --reload-exclude"
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
            try wait(for: "fresh statics") { try server.answer(at: "/").count < 6 }
            try project.folder.write("source/deep/page.html", "y")
            try server.waitForReload("in place", count: 2)
            try server.stop()
            return "a page in a new folder counts, a source that is excluded does not"
        },
        .remembered("in place", []),
        .remembered("by a new worker", ["--limit-images", "0"]),
    ]

    private static func runs(_ command: String) throws -> Bool {
        try Command.run(["pgrep", "-f", "^\(command)"]).status == 0
    }

    private static func remembered(_ how: String, _ options: [String]) -> Case {
        Case("the chat's rooms survive \(how), and its WebSockets are asked to come back") { modules in
            let folder = try TemporaryFolder()
            let chat = try Data(contentsOf: URL(fileURLWithPath: "\(Repository.root)/.build/release/libChat.so"))
            let module = "\(folder.path)/libchat.so"
            try chat.write(to: URL(fileURLWithPath: module))
            let server = try Server(module, options)
            func enter(_ name: String) throws -> (RawClient, String) {
                let client = try server.client()
                try expect("handshake", try client.askForWebSocket("/room").status, 101)
                client.send(.text("name \(name)"))
                return (client, try client.readFrameButPings()?.text ?? "")
            }
            let (ada, _) = try enter("Ada")
            _ = try ada.readFrameButPings()
            for number in 1...3 {
                ada.send(.text("say message \(number) of Ada"))
                _ = try ada.readFrameButPings()
            }
            for round in 1...2 {
                // Another file, that does the same.
                try (chat + Data("\(round)".utf8)).write(to: URL(fileURLWithPath: "\(module).new"))
                try expect("rename", rename("\(module).new", module), 0)
                let answer = try server.command("reload")
                try expect("exit status", answer.status, 0)
                guard answer.output.contains(how == "in place" ? "in place" : "new workers") else {
                    throw UnexpectedResult(answer.output)
                }
                if round == 1 { try expect("close", try ada.readFrameButPings()?.closeCode, 1012) }
            }
            let (_, room) = try enter("Ada")
            for number in 1...3 where !room.contains("message \(number) of Ada") {
                throw UnexpectedResult("forgotten: \(room)")
            }
            try expect("warnings", server.log.all("not handed on"), [])
            try server.stop()
            return "after two reloads three messages are there; 1012 at once"
        }
    }
}

/// A module that is made from its source, beside its settings.
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

    /// As an editor does it: beside, then renamed.
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
