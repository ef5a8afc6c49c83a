import Foundation
import TestHarness
import TestSupport
import Testing

/// Databases in the settings of the command.
@Suite("Databases of the command")
struct DatabaseTests {
    private let folder: TemporaryFolder
    private var run: [String] { self.folder.runOptions }

    init() throws { self.folder = try TemporaryFolder() }

    @Test(
        "an application gets the databases that it names, also in a worker group, and a changed password after a reload"
    )
    func settings() throws {
        let library = try Fixture.compile(file: Repository.fixture("Setting.c"), named: "setting", in: self.folder)
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
        #expect(
            try Visitor(port: server.port).get("/both?roost.databases.default.name").text
                == "\(self.folder.path)/site.db")
        #expect(try Visitor(port: server.port).get("/both?roost.databases.other.password").text == "first")
        #expect(try Visitor(port: server.port).get("/none?roost.databases").text == "none")
        #expect(try Visitor(port: server.port).get("/group?roost.databases.default").text == "none")
        #expect(try Visitor(port: server.port).get("/group?roost.databases.other.password").text == "first")
        try self.folder.write("password", "second\n")
        #expect(try Command.run([Repository.roost, "reload"] + self.run).status == 0)
        #expect(try Visitor(port: server.port).get("/both?roost.databases.other.password").text == "second")
        #expect(try Visitor(port: server.port).get("/group?roost.databases.other.password").text == "second")
        let shown = try Command.run([Repository.roost, "settings"] + self.run, folder: self.folder.path)
        #expect(shown.output.contains("databases.other.password-file"))
        let status = try Command.run([Repository.roost, "status", "--json"] + self.run)
        #expect(server.stop() == 0)
        for text in [shown.output, status.output, server.error, server.outputText] {
            #expect(!text.contains("second") && !text.contains("first\n"))
        }
    }

    @Test("an application on the command line gets all databases")
    func commandLine() throws {
        let library = try Fixture.compile(file: Repository.fixture("Setting.c"), named: "setting", in: self.folder)
        try self.folder.write("settings.yaml", "databases: {default: {engine: sqlite, name: /x.db}}\ntitle: mine\n")
        let server = try RoostProcess([library, "--port", "0"] + self.run, folder: self.folder.path)
        #expect(try Visitor(port: server.port).get("/?roost.databases.default.name").text == "/x.db")
        #expect(try Visitor(port: server.port).get("/?databases").text == "none")
        #expect(try Visitor(port: server.port).get("/?title").text == "mine")
        #expect(server.stop() == 0)
    }

    @Test("a database that is not declared, or whose password cannot be read, refuses the application")
    func refused() throws {
        let library = try Fixture.compile(file: Repository.fixture("Setting.c"), named: "setting", in: self.folder)
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
