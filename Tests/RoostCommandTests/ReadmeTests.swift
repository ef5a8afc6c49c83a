import Foundation
import TestSupport
import Testing

/// The commands of the README that build and serve Roost, with the results of `make build`.
@Suite("README")
struct ReadmeTests {
    /// The code blocks of one language, in order.
    private func blocks(_ language: String) throws -> [String] {
        let text = try String(contentsOfFile: "\(Repository.root)/README.md", encoding: .utf8)
        return text.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
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
}
