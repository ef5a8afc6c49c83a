import Foundation
import TestHarness
import TestSupport
import Testing

/// Middleware as options and settings of the command.
@Suite("Middleware of the command")
struct MiddlewareTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func get(_ path: String, _ server: RoostProcess) throws -> Response {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\nx-request-id: 7c4a\r\n\r\n")
        return try client.readResponse()
    }

    @Test("the steps of the host come before those of an application, also in a worker group; a reload follows changes")
    func settings() throws {
        try self.folder.write("files/a.txt", "file")
        let hello = "\(Repository.products)/libHello.so"
        func write(_ value: String) throws {
            try self.folder.write(
                "settings.yaml",
                """
                middleware: [request-id, {headers: {set: "x-a: host"}}]
                static: {/files: files}
                applications:
                  - {module: \(hello), mount: /one, middleware: [{headers: {add: ["x-a: own", "x-b: \(value)"]}}]}
                  - {module: \(hello), mount: /two, worker: group, middleware: [{max-body: {size: 5}}, {headers: {set: "x-b: 2, 3"}}]}

                """)
        }
        try write("first")
        let server = try RoostProcess(
            ["--port", "0", "--run-dir", "\(self.folder.path)/run"], folder: self.folder.path)
        let one = try self.get("/one", server)
        #expect(one.headers.filter { $0.name == "x-a" }.map(\.value) == ["host"])
        #expect(one.header("x-b") == "first" && one.header("x-request-id") == "7c4a")
        #expect(try self.get("/two", server).header("x-b") == "2, 3")
        let file = try self.get("/files/a.txt", server)
        #expect((file.text, file.header("x-a"), file.header("x-b")) == ("file", "host", nil))
        try write("second")
        let reloaded = try Command.run([Repository.roost, "reload", "--run-dir", "\(self.folder.path)/run"])
        #expect(reloaded.status == 0, "\(reloaded.error)")
        #expect(try self.get("/one", server).header("x-b") == "second")
        #expect(server.stop() == 0)
        #expect(server.outputText.contains(" 7c4a\n"), "\(server.outputText)")
    }

    @Test("a rate limit holds over all workers, for each client that a proxy states")
    func rateLimit() throws {
        let server = try RoostProcess(
            [
                "\(Repository.products)/libHello.so", "--port", "0", "--run-dir", "\(self.folder.path)/run",
                "--workers", "2",
                "--middleware", "rate-limit,rate=1/h,burst=5",
            ], command: "\(Repository.root)/.build/release/roost", folder: self.folder.path)
        func ask(_ client: String) throws -> Response {
            let connection = try RawClient(port: server.port)
            connection.send("GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: \(client)\r\n\r\n")
            return try connection.readResponse()
        }
        let responses = try (0..<40).map { _ in try ask("192.0.2.1") }
        #expect(responses.filter { $0.status == 200 }.count == 5)
        #expect(responses.last?.status == 429 && Int(responses.last?.header("retry-after") ?? "") ?? 0 > 3000)
        #expect(try ask("192.0.2.2").status == 200)
        #expect(server.stop() == 0)
    }

    @Test("the identifier is in the access log of both formats")
    func accessLog() throws {
        let server = try RoostProcess(
            [
                "\(Repository.products)/libHello.so", "--port", "0", "--run-dir", "\(self.folder.path)/run",
                "--log-format", "json",
                "--middleware", "request-id",
            ], folder: self.folder.path)
        #expect(try self.get("/", server).status == 200)
        #expect(server.stop() == 0)
        let line = try #require(server.outputText.split(separator: "\n").first)
        let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(record?["request"] as? String == "7c4a")
    }

    @Test(
        "invalid middleware is refused; the message has the file and a hint",
        arguments: [
            ("middleware: cors\n", "settings.yaml:1: 'middleware' must be a list of names, and of maps"),
            ("middleware: [cros]\n", "'cros' is unknown; did you mean 'cors'?"),
            (
                "middleware: [{cors: {origins: same}, headers: {}}]\n",
                "settings.yaml:1: 'middleware' is a list of names"
            ),
            (
                "middleware: [{cors: {origins: {a: b}}}]\n",
                "'middleware.cors.origins' must be a value, or a list of values"
            ),
        ])
    func invalid(_ text: String, _ message: String) throws {
        try self.folder.write("settings.yaml", text + "static: {/a: .}\n")
        let refused = try Command.run([Repository.roost], folder: self.folder.path)
        #expect(refused.status == 2)
        #expect(refused.error.contains(message), "\(refused.error)")
    }

    @Test("an application with invalid middleware is not served, and the reason is logged")
    func invalidApplication() throws {
        let hello = "\(Repository.products)/libHello.so"
        try self.folder.write(
            "settings.yaml",
            "applications:\n  - {module: \(hello)}\n  - {module: \(hello), mount: /b, middleware: [compres]}\n")
        let server = try RoostProcess(
            ["--port", "0", "--run-dir", "\(self.folder.path)/run"], folder: self.folder.path)
        #expect(try self.get("/b", server).status == 503)
        #expect(try self.get("/", server).status == 200)
        #expect(server.stop() == 0)
        #expect(
            server.error.contains("settings.yaml:3: middleware 'compres' is unknown; did you mean 'compress'?"),
            "\(server.error)")
    }
}
