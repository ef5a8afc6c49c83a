import Foundation
import TestHarness
import TestSupport
import Testing

/// Static files as options and settings of the command.
@Suite("Static files of the command")
struct StaticFilesTests {
    private let folder: TemporaryFolder

    init() throws {
        self.folder = try TemporaryFolder()
        try self.folder.write("public/a.txt", "public")
        try self.folder.write("own/a.txt", "own")
    }

    private func get(_ path: String, _ server: RoostProcess) throws -> Response {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try client.readResponse()
    }

    private func start(_ arguments: [String]) throws -> RoostProcess {
        try RoostProcess(
            ["--port", "0", "--run-dir", "\(self.folder.path)/run"] + arguments, folder: self.folder.path)
    }

    @Test(
        "a folder is served without an application, by a supervisor and without one",
        arguments: [[], ["--no-supervisor"]])
    func alone(_ more: [String]) throws {
        let server = try self.start(["--static", "/=public", "--static=/own=own,max-age=5", "--health"] + more)
        #expect(try self.get("/a.txt", server).text == "public")
        let own = try self.get("/own/a.txt", server)
        #expect((own.text, own.header("cache-control")) == ("own", "public, max-age=5"))
        #expect(try self.get("/none", server).status == 404)
        #expect(try self.get("/readyz", server).status == 200)
        #expect(server.stop() == 0)
        #expect(
            server.error.contains(" static=/:\(self.folder.path)/public,/own:\(self.folder.path)/own "),
            "\(server.error)")
    }

    @Test("folders of the settings and of an application, also of one in a worker group; a reload follows them")
    func settings() throws {
        let hello = "\(Repository.products)/libHello.so"
        func write(_ files: String) throws {
            try self.folder.write(
                "settings.yaml",
                """
                static:
                  /files/: {folder: public, index: a.txt}
                applications:
                  - {module: \(hello), mount: /hello, static: {/assets: \(files)}}
                  - {module: \(hello), mount: /group, worker: one, static: {/assets: own}}

                """)
        }
        try write("own")
        let server = try self.start([])
        #expect(try self.get("/files/a.txt", server).text == "public")
        #expect(try self.get("/files/", server).text == "public")
        #expect(try self.get("/hello/assets/a.txt", server).text == "own")
        #expect(try self.get("/group/assets/a.txt", server).text == "own")
        #expect(try self.get("/hello/assetsx", server).text.contains("Hello"))
        try write("public")
        let reloaded = try Command.run([Repository.roost, "reload", "--run-dir", "\(self.folder.path)/run"])
        #expect(reloaded.status == 0, "\(reloaded.error)")
        #expect(try self.get("/hello/assets/a.txt", server).text == "public")
        #expect(server.stop() == 0)
    }

    @Test(
        "an invalid folder is refused, and the message says what to write",
        arguments: [
            ("public", "--static 'public' is not PATH=FOLDER; example: /static=public"),
            ("/a=", "--static '/a=' names no folder"),
            ("/a=b,colour=red", "'colour' is unknown; known: immutable, index"),
            ("/a=b,max-age=x", "'max-age': 'x' is not a number of seconds"),
            ("/a=b,index=x/y", "'index': 'x/y' is not a file name"),
            ("/a=b,fallback=/x", "'fallback': '/x' is not a path below the folder"),
            ("/a=b,index", "'index': '' is empty"),
            ("/a//b=c", "two consecutive slashes"), ("/a/../b=c", "contains the segment '..'"),
        ])
    func invalidOption(_ text: String, _ message: String) throws {
        let refused = try Command.run([Repository.roost, "--static", text], folder: self.folder.path)
        #expect(refused.status == 2)
        #expect(refused.error.contains(message), "\(refused.error)")
    }

    @Test(
        "an invalid folder in a settings file is refused with file and line",
        arguments: [
            ("{/a: {folders: b}}", "settings.yaml:1: unknown key 'static./a.folders' (did you mean 'folder'?)"),
            ("{/a: {index: b}}", "settings.yaml:1: 'static./a' names no folder"),
            (
                "{/a: {folder: b, max-age: -1}}",
                "settings.yaml:1: 'static./a' 'max-age': '-1' is not a number of seconds"
            ),
            ("{a: b}", "settings.yaml:1: 'static.a' 'a' does not start with a /"), ("[a]", "'static' must be a map"),
        ])
    func invalidSetting(_ text: String, _ message: String) throws {
        try self.folder.write("settings.yaml", "static: \(text)\n")
        let refused = try Command.run([Repository.roost], folder: self.folder.path)
        #expect(refused.status == 2)
        #expect(refused.error.contains(message), "\(refused.error)")
    }

    @Test("a folder at the root of an application would hide it")
    func hidden() throws {
        try self.folder.write("settings.yaml", "applications:\n  - {module: x, static: {/: public}}\n")
        let refused = try Command.run([Repository.roost], folder: self.folder.path)
        #expect(
            refused.error.contains("'applications.0.static' '/' (\(self.folder.path)/public) would hide"),
            "\(refused.error)")
    }
}
