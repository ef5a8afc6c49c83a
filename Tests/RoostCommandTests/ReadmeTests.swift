import Foundation
import TestHarness
import TestSupport
import Testing

/// The examples of the README work as described, with the results of `make build`.
@Suite("README")
struct ReadmeTests {
    /// The code blocks of one language, in order.
    private func blocks(_ language: String) throws -> [String] {
        let text = try String(contentsOfFile: "\(Repository.root)/README.md", encoding: .utf8)
        return text.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }

    @Test("the module in C has at most fifteen lines; the commands beside it compile, check and serve it")
    func module() throws {
        let folder = try TemporaryFolder()
        let source = try #require(try self.blocks("c").first)
        #expect(source.split(separator: "\n").count <= 15)
        try folder.write("hello.c", source)
        try folder.write("settings.yaml", try #require(try self.blocks("yaml").first { $0.hasPrefix("title: ") }))
        let commands = try #require(try self.blocks("sh").dropFirst().first).split(separator: "\n").map(String.init)
        try #require(commands.count == 3)

        let environment = ["ROOST": Repository.root]
        for command in commands.dropLast() {
            let done = try Command.run(["sh", "-c", command], environment: environment, folder: folder.path)
            #expect(done.status == 0, "\(command)\n\(done.error)\(done.output)")
        }
        // The kernel chooses the port here; everything else is as in the README.
        let serve = "exec " + commands[2].replacingOccurrences(of: "8000", with: "0")
        let server = try RoostProcess(["-c", serve], command: "/bin/sh", environment: environment, folder: folder.path)
        func get(_ path: String) throws -> Response {
            let client = try RawClient(port: server.port)
            client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
            return try client.readResponse()
        }
        #expect(try get("/").text == "Hello from C!\n")
        #expect(try get("/title").text == "My wiki")
        #expect(server.stop() == 0)
    }

    @Test("the views in C have at most twenty lines, compile, and answer as shown")
    func views() throws {
        let folder = try TemporaryFolder()
        let source = try #require(try self.blocks("c").dropFirst().first)
        #expect(source.split(separator: "\n").count <= 20)
        let library = try Fixture.compile(source, named: "shop", flags: ["-Wall", "-Wextra"], in: folder)
        let server = try RoostProcess(
            [library, "--port", "0"], command: "\(Repository.root)/.build/release/roost", folder: folder.path)
        let steps = try #require(try self.blocks("console").first).components(separatedBy: "$ ").dropFirst()
        #expect(steps.count == 4)
        for step in steps {
            let lines = step.split(separator: "\n", maxSplits: 1).map(String.init)
            let command = lines[0].replacingOccurrences(of: "curl", with: "curl -s")
                .replacingOccurrences(of: "8000", with: "\(server.port)")
            let answer = try Command.run(["sh", "-c", command]).output
            #expect(answer.trimmingCharacters(in: .newlines) == lines[1].trimmingCharacters(in: .newlines))
        }
        #expect(server.stop() == 0)
    }

    @Test("make run serves the wiki, make build creates its products, and make lists its targets")
    func make() throws {
        #expect(
            try #require(try self.blocks("sh").first).split(separator: "\n").map { $0.prefix(9) } == [
                "make setu", "make run ", "make test",
            ])
        for product in ["roost", "libWiki.so", "libHello.so", "libSwiftHello.so", "libBench.so"] {
            #expect(
                FileManager.default.fileExists(atPath: "\(Repository.root)/.build/release/\(product)"), "\(product)")
        }
        let help = try Command.run(["make", "--no-print-directory"], folder: Repository.root)
        for target in ["setup", "run", "build", "test", "bench", "format", "lint", "clean"] {
            #expect(help.output.contains("make \(target)"), "\(target)")
        }
        // The last command of `make run`: the build is done already.
        let folder = try TemporaryFolder()
        try folder.write("wiki/other.yaml", "title: Another")
        let another = try self.run(["APP_DIR=\(folder.path)"], environment: ["ROOST_SETTINGS_MODULE": "wiki.other"])
        let answer = try Command.run(["curl", "-s", "-i", "http://127.0.0.1:\(another.port)/wiki/Roost"])
        #expect(answer.output.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.output.contains("<title>Roost – Another</title>"))
        #expect(another.stop() == 0)
        let hello = try self.run(["MODULE=.build/release/libHello.so"])
        #expect(try Command.run(["curl", "-s", "http://127.0.0.1:\(hello.port)/"]).output == "Hello, World!")
        #expect(hello.stop() == 0)
        // The settings modules that come with the wiki are valid.
        for module in ["wiki.settings", "wiki.production"] {
            let own = "\(Repository.root)/Plugins/Wiki/\(module.replacingOccurrences(of: ".", with: "/")).yaml"
            try folder.write(
                "wiki/\(module.split(separator: ".")[1]).yaml", try String(contentsOfFile: own, encoding: .utf8))
            let served = try self.run(["APP_DIR=\(folder.path)"], environment: ["ROOST_SETTINGS_MODULE": module])
            #expect(served.error.contains("settings=\(module) "))
            #expect(served.stop() == 0)
        }
    }

    /// Runs the last command of `make run`, with a port that the kernel chooses.
    private func run(_ variables: [String], environment: [String: String] = [:]) throws -> RoostProcess {
        let recipe = try Command.run(
            ["make", "--no-print-directory", "--dry-run", "run", "ARGUMENTS=--port 0"] + variables,
            folder: Repository.root
        )
        let serve = try #require(recipe.output.split(separator: "\n").last).trimmingCharacters(in: .whitespaces)
        return try RoostProcess(["-c", serve], command: "/bin/sh", environment: environment, folder: Repository.root)
    }

    @Test("several loops serve connections, and calls from threads")
    func loops() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: folder)
        let server = try RoostProcess(
            [library, "--port", "0", "--threads", "4"], command: "\(Repository.root)/.build/release/roost"
        )
        let clients = try (0..<64).map { _ in try RawClient(port: server.port) }
        for client in clients { client.send("POST /thread HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi") }
        for client in clients { #expect(try client.readResponse().text == "from a thread") }
        for client in clients { client.send("GET /stream?64 HTTP/1.1\r\nhost: x\r\n\r\n") }
        for client in clients { #expect(try client.readResponse().body.count == 64 << 16) }
        #expect(server.stop() == 0)
    }

    @Test("the session that edits, saves and reloads works as shown, with a module created by roost new")
    func session() throws {
        let folder = try TemporaryFolder()
        let lines = try #require(try self.blocks("console").dropFirst().first).split(separator: "\n").map(String.init)
        try #require(lines[0] == "$ roost new hello && cd hello" && lines[1] == "$ make watch &")
        let roost = "\(Repository.root)/.build/release/roost"
        let made = try Command.run([roost, "new", "hello"], folder: folder.path)
        #expect(made.status == 0, "\(made.error)")
        let module = "\(folder.path)/hello"
        let server = try RoostProcess(
            ["-c", "exec make watch ARGUMENTS='--port 0 --run-dir \(folder.path)/run --no-access-log'"],
            command: "/bin/sh",
            folder: module)
        for (command, answer) in zip(lines.dropFirst(2), lines.dropFirst(3) + [""]) where command.hasPrefix("$ ") {
            guard command.hasPrefix("$ curl ") else {
                #expect(try Command.run(["sh", "-c", String(command.dropFirst(2))], folder: module).status == 0)
                if command.contains("oops") { try server.waitFor("build failed") }
                continue
            }
            func get() throws -> String {
                let client = try RawClient(port: server.port)
                client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                return try client.readResponse().text.trimmingCharacters(in: .newlines)
            }
            // The build may take long.
            try wait(for: answer, seconds: 60) { try get() == answer }
        }
        #expect(server.error.contains(" reloaded application=hello by=\"in place\" generation="))
        #expect(try Command.run([roost, "stop", "--run-dir", "\(folder.path)/run"]).status == 0)
        #expect(server.waitForEnd() == 0)
    }
}
