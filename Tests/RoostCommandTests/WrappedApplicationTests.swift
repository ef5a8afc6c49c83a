import Foundation
import TestHarness
import TestSupport
import Testing

/// Applications that wrap others, by settings of the command.
@Suite("Wrapped applications of the command")
struct WrappedApplicationTests {
    private let folder: TemporaryFolder
    private var run: [String] { self.folder.runOptions }
    /// Of the password `secret`.
    private static let hash =
        "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG."

    init() throws { self.folder = try TemporaryFolder() }

    private func get(_ path: String, _ server: RoostProcess, _ fields: String...) throws -> Response {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\(fields.map { "\($0)\r\n" }.joined())\r\n")
        return try client.readResponse()
    }

    private static func basic(_ credentials: String) -> String {
        "authorization: Basic \(Data(credentials.utf8).base64EncodedString())"
    }

    private func compile(_ fixture: String, named name: String, _ flags: String...) throws -> String {
        try Fixture.compile(
            file: Repository.fixture(fixture), named: name, flags: ["-D_GNU_SOURCE"] + flags, in: self.folder)
    }

    @Test("a reload of either application reaches the next request, also in a worker group")
    func reload() throws {
        let wraps = try self.compile("Wraps.c", named: "wraps")
        let places = try self.compile("Places.c", named: "places", "-DVERSION=\"1\"")
        try self.folder.write(
            "settings.yaml",
            """
            applications:
              - {module: \(wraps), name: wraps, mount: /wraps, worker: group}
              - {module: \(places), mount: /, worker: group, wrapped-by: wraps}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        #expect(try self.get("/x?wrap=status", server).status == 202)
        #expect(try self.get("/x", server).text.hasSuffix("|1"))
        _ = try self.compile("Places.c", named: "places", "-DVERSION=\"2\"")
        #expect(try Command.run([Repository.roost, "reload"] + self.run).status == 0)
        #expect(try self.get("/x", server).text.hasSuffix("|2"))
        // The new version of the wrapping application changes nothing.
        _ = try self.compile("Wraps.c", named: "wraps", "-DOBSERVE")
        #expect(try Command.run([Repository.roost, "reload"] + self.run).status == 0)
        #expect(try self.get("/x?wrap=status", server).status == 200)
        #expect(server.stop() == 0)
    }

    @Test("Auth passes on requests with a right password, and sets the user's name")
    func authentication() throws {
        let scope = try self.compile("Scope.c", named: "scope")
        try self.folder.write(
            "settings.yaml",
            """
            applications:
              - module: \(Repository.products)/libAuth.so
                name: auth
                mount: /auth
                settings: {realm: Wiki, passwords: {alice: \(Self.hash), bob: \(Self.hash)}}
              - {module: \(scope), mount: /, wrapped-by: auth}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        let asked = try self.get("/", server)
        #expect(asked.status == 401)
        #expect(asked.header("www-authenticate") == "Basic realm=\"Wiki\", charset=\"UTF-8\"")
        for field in [
            Self.basic("alice:wrong"), Self.basic("eve:secret"), Self.basic(":secret"), Self.basic("alice"),
            Self.basic("alice:sec\u{7}ret"), Self.basic(String(repeating: "a", count: 2000) + ":secret"),
            "authorization: Basic", "authorization: Basic ?", "authorization: Basic YTpi=x", "authorization: Bearer x",
        ] {
            #expect(try self.get("/", server, field, "remote-user: alice").status == 401, "\(field)")
        }
        // The first is checked on the thread pool, the second is remembered.
        #expect(try self.get("/auth", server, Self.basic("bob:secret")).text == "bob")
        for _ in 0..<2 {
            let passed = try self.get("/", server, Self.basic("alice:secret"), "remote-user: root", "Remote_User: root")
            #expect(passed.status == 200)
            #expect(passed.text.contains("remote-user: alice\n"))
            #expect(!passed.text.contains("root\n") && !passed.text.contains("authorization"))
        }
        #expect(try self.get("/", server, Self.basic("bob:secret")).text.contains("remote-user: bob\n"))
        #expect(try self.get("/", server, Self.basic("alice:wrong")).status == 401)
        #expect(try self.get("/auth", server, Self.basic("alice:secret")).text == "alice")
        #expect(server.stop() == 0)
        let log = server.outputText + server.error
        #expect(!log.contains("secret") && !log.contains("$6$"))
    }

    @Test(
        "wrong settings of Auth refuse its start, and what it protects answers 503",
        arguments: [
            ("passwords: {alice: plain}", "has a hash that crypt(3) does not know"),
            ("passwords: [alice]", "must be a map of names and hashes"),
            ("realm: 'a\"b'", "has a control character, a quote or a backslash"),
        ])
    func wrongSettings(settings: String, message: String) throws {
        let scope = try self.compile("Scope.c", named: "scope")
        try self.folder.write(
            "settings.yaml",
            """
            applications:
              - {module: \(Repository.products)/libAuth.so, name: auth, mount: /auth, settings: {\(settings)}}
              - {module: \(scope), mount: /, wrapped-by: auth}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        #expect(try self.get("/", server).status == 503)
        #expect(server.stop() == 0)
        #expect(server.error.contains(message), "\(server.error)")
        #expect(!(server.outputText + server.error).contains("plain"))
    }
}
