import Foundation
import TestHarness
import TestSupport
import Testing

/// Databases and templates in the settings of the command.
@Suite("Databases and templates of the command")
struct DatabaseTests {
    private let folder: TemporaryFolder
    private let run: [String]

    init() throws {
        self.folder = try TemporaryFolder()
        self.run = ["--run-dir", "\(self.folder.path)/run"]
    }

    /// Responds with the setting that the query names.
    private static let source = """
        #include <asgi.h>
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
            const asgi_string *value;
            (void)receive;
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            value = scope->host->setting(scope->id, &scope->query_string);
            return asgi_respond(scope, send, 200, "text/plain", value ? *value : asgi_text("none"));
        }
        """

    private func get(_ target: String, _ server: RoostProcess) throws -> String {
        let client = try RawClient(port: server.port)
        client.send("GET \(target) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try client.readResponse().text
    }

    @Test(
        "an application gets the databases that it names, also in a worker group, and a changed password after a reload"
    )
    func settings() throws {
        let library = try Fixture.compile(Self.source, in: self.folder)
        let secret = try self.folder.write("password", "first\n")
        chmod(secret, 0o600)
        try self.folder.write(
            "settings.yaml",
            """
            databases:
              default: {engine: sqlite, name: site.db}
              other: {engine: postgresql, name: o, password-file: password}
            applications:
              - {module: \(library), mount: /both, databases: [default, other]}
              - {module: \(library), mount: /none}
              - {module: \(library), mount: /group, worker: g, databases: other}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        #expect(try self.get("/both?roost.databases.default.name", server) == "\(self.folder.path)/site.db")
        #expect(try self.get("/both?roost.databases.other.password", server) == "first")
        #expect(try self.get("/none?roost.databases", server) == "none")
        #expect(try self.get("/group?roost.databases.default", server) == "none")
        #expect(try self.get("/group?roost.databases.other.password", server) == "first")
        try self.folder.write("password", "second\n")
        #expect(try Command.run([Repository.roost, "reload"] + self.run).status == 0)
        #expect(try self.get("/both?roost.databases.other.password", server) == "second")
        #expect(try self.get("/group?roost.databases.other.password", server) == "second")
        let shown = try Command.run([Repository.roost, "settings"] + self.run, folder: self.folder.path)
        #expect(shown.output.contains("databases.other.password-file"))
        let status = try Command.run([Repository.roost, "status", "--json"] + self.run)
        #expect(server.stop() == 0)
        for text in [shown.output, status.output, server.error, server.outputText] {
            #expect(!text.contains("second") && !text.contains("first\n"))
        }
    }

    @Test(
        "a changed template is a new version of the applications that have its folder, with --reload and by roost reload"
    )
    func templates() throws {
        let library = try Fixture.compile(Self.source, in: self.folder)
        try self.folder.write("own/a.html", "a")
        try self.folder.write("all/b.html", "b")
        try self.folder.write(
            "settings.yaml",
            """
            templates: all
            applications:
              - {module: \(library), mount: /own, templates: own}
              - {module: \(library), mount: /all}

            """)
        let server = try RoostProcess(["--port", "0", "--reload"] + self.run, folder: self.folder.path)
        let folders = ["\(self.folder.path)/own", "\(self.folder.path)/all"]
        #expect(try self.get("/own?roost.templates", server) == "[\"\(folders[0])\",\"\(folders[1])\"]")
        #expect(try self.get("/all?roost.templates", server) == "[\"\(folders[1])\"]")
        func versions() throws -> [String] {
            try ["/own", "/all"].map { try self.get("\($0)?roost.templates.version", server) }
        }
        let first = try versions()
        try self.folder.write("own/a.html", "changed")
        try server.waitFor("mount=/own time=")
        let second = try versions()
        #expect(second[0] != first[0] && second[1] == first[1])
        // A new file counts, too.
        try self.folder.write("all/new.html", "new")
        try wait(for: "the new version") { try versions()[1] != second[1] }
        try wait(for: "the new version") { try versions()[0] != second[0] }
        #expect(server.stop() == 0)
        let other = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        let before = try self.get("/own?roost.templates.version", other)
        try self.folder.write("own/a.html", "again")
        #expect(try self.get("/own?roost.templates.version", other) == before)
        #expect(try Command.run([Repository.roost, "reload"] + self.run).status == 0)
        #expect(try self.get("/own?roost.templates.version", other) != before)
        #expect(other.stop() == 0)
    }

    @Test("a folder of templates that does not exist, or has too many files, refuses the application")
    func wrongTemplates() throws {
        let library = try Fixture.compile(Self.source, in: self.folder)
        mkdir("\(self.folder.path)/many", 0o755)
        for number in 0..<10_001 { close(creat("\(self.folder.path)/many/\(number)", 0o644)) }
        try self.folder.write(
            "settings.yaml",
            """
            applications:
              - {module: \(library), mount: /a, templates: absent}
              - {module: \(library), mount: /b, templates: many}
              - {module: \(library), mount: /c}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        #expect(server.error.contains("'templates': \(self.folder.path)/absent is not a folder"), "\(server.error)")
        #expect(server.error.contains("'templates': more than 10000 files and folders; name the"), "\(server.error)")
        #expect(server.stop() == 0)
    }

    @Test("an application on the command line gets all databases")
    func commandLine() throws {
        let library = try Fixture.compile(Self.source, in: self.folder)
        try self.folder.write("settings.yaml", "databases: {default: {engine: sqlite, name: /x.db}}\ntitle: mine\n")
        let server = try RoostProcess([library, "--port", "0"] + self.run, folder: self.folder.path)
        #expect(try self.get("/?roost.databases.default.name", server) == "/x.db")
        #expect(try self.get("/?databases", server) == "none")
        #expect(try self.get("/?title", server) == "mine")
        #expect(server.stop() == 0)
    }

    @Test("a database that is not declared, or whose password cannot be read, refuses the application")
    func refused() throws {
        let library = try Fixture.compile(Self.source, in: self.folder)
        try self.folder.write(
            "settings.yaml",
            """
            databases:
              default: {engine: sqlite, name: site.db}
              other: {engine: postgresql, name: o, password-file: absent}
            applications:
              - {module: \(library), mount: /a, databases: defalt}
              - {module: \(library), mount: /b, databases: other}
              - {module: \(library), mount: /c}

            """)
        let server = try RoostProcess(["--port", "0"] + self.run, folder: self.folder.path)
        #expect(server.error.contains("there is no database 'defalt'; did you mean 'default'?"), "\(server.error)")
        #expect(server.error.contains("'databases.other.password-file': "), "\(server.error)")
        #expect(server.error.contains("absent: cannot be read: No such file"), "\(server.error)")
        #expect(server.stop() == 0)
    }

    @Test("roost check --databases tells which can be used, and why others cannot")
    func check() throws {
        try self.folder.write("junk", "not a database, but long enough")
        try self.folder.write(
            "settings.yaml",
            """
            databases:
              new: {engine: sqlite, name: new.db}
              junk: {engine: sqlite, name: junk}
              far: {engine: sqlite, name: nowhere/x.db}
              env: {engine: postgresql, name: a, password-env: ROOST_NO_SUCH_SECRET}

            """)
        let checked = try Command.run([Repository.roost, "check", "--databases"], folder: self.folder.path)
        #expect(checked.status == 1)
        for line in [
            "new        ok       \(self.folder.path)/new.db does not exist yet; the application creates it\n",
            "junk       wrong    \(self.folder.path)/junk: is not an SQLite database\n",
            "far        wrong    the folder \(self.folder.path)/nowhere: No such file or directory; ",
            "'databases.env.password-env': the environment variable ROOST_NO_SUCH_SECRET is not set\n",
        ] {
            #expect(checked.output.contains(line), "\(checked.output)")
        }
        try self.folder.write("settings.yaml", "databases: {new: {engine: sqlite, name: new.db}}\n")
        #expect(try Command.run([Repository.roost, "check", "--databases"], folder: self.folder.path).status == 0)
        try self.folder.write("settings.yaml", "applications: []\n")
        let none = try Command.run([Repository.roost, "check", "--databases"], folder: self.folder.path)
        #expect(none.status != 0 && none.error.contains("no databases are declared; add the key 'databases'"))
    }
}
