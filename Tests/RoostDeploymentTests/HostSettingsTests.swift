import CASGI
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import RoostDeployment

/// The host's part of a settings file: its keys, checked against one schema.
@Suite("The host's settings")
struct HostSettingsTests {
    private let folder: TemporaryFolder
    private let server = SettingsSchema([
        SettingsKey("port", .text, "A port."), SettingsKey("access-log", .flag, "Lines."),
        SettingsKey("bind", .texts, "Where."), SettingsKey("log-level", .choice(["info", "debug"]), "How much."),
    ])

    init() throws { self.folder = try TemporaryFolder() }

    private func read(_ text: String, keepsOthers: Bool = false) throws -> HostSettings {
        try HostSettings(
            try SettingsFile(path: try self.folder.write("s.yaml", text), trust: FileTrust()), server: self.server,
            group: SettingsSchema([SettingsKey("workers", .text, "How many.")]), keepsOthers: keepsOthers)
    }

    /// The error message without the path of the folder.
    private func refusal(_ text: String) -> String {
        do {
            _ = try self.read(text)
            return "none"
        } catch { return "\(error)".replacing("\(self.folder.path)/", with: "") }
    }

    @Test("applications, groups, drop-in folders and server options are read with their places")
    func values() throws {
        let settings = try self.read(
            """
            server: {port: 8001, access-log: no, bind: [":80", "unix:/x"], groups: {blue: {workers: 2, environment: {A: b}}}}
            modules: [mods, /srv/more]
            applications:
              - module: wiki
                mount: /wiki/
                hosts: wiki.example.org
                settings: wiki.production
                variable: WIKI_SETTINGS
                worker: blue
              - module: ./lib/chat.so:other
                name: talk
                hosts: [chat.example.org, "*.chat.example.org"]
                settings:
                  title: Talk
                  deep: {er: [1, 2]}
                lifespan: "off"
            """)
        #expect(settings.server?.text("port") == "8001")
        #expect(settings.server?.flag("access-log") == false)
        #expect(settings.server?.texts("bind") == [":80", "unix:/x"])
        #expect(settings.server?.place("port") == "\(self.folder.path)/s.yaml:1")
        #expect(settings.groups.map(\.name) == ["blue"])
        #expect(settings.groups[0].options.text("workers") == "2")
        #expect(settings.groups[0].environment == ["A": "b"])
        #expect(settings.applications.map(\.group) == ["blue", nil])
        #expect(settings.modules == ["mods", "/srv/more"])
        let wiki = settings.applications[0]
        #expect(wiki.mount.description == "wiki.example.org/wiki")
        #expect(wiki.variable == "WIKI_SETTINGS")
        #expect(wiki.place == "\(self.folder.path)/s.yaml:4")
        let talk = settings.applications[1]
        #expect(talk.mount.description == "{chat.example.org, *.chat.example.org}/")
        #expect(talk.module == (try ModuleName("./lib/chat.so:other")))
        #expect(talk.lifespan == .off)
        guard case .here(let file, let key) = talk.settings else {
            Issue.record("\(talk.settings)")
            return
        }
        let own = try ApplicationSettings(file, at: key, folder: "/")
        #expect(own.text("title") == "Talk")
        #expect(own.text("deep.er") == "[1,2]")
        #expect(own.text("module") == nil)
        #expect(own.complaint(about: "deep.er", "is odd") == "\(file.path):15: 'deep.er': is odd")
        let secret = try SettingsFile(path: "x.yaml", resolved: nil, text: "key: geheim\n")
        #expect(
            try ApplicationSettings(secret, folder: "/").complaint(about: "key", "'geheim' is too short")
                == "x.yaml:1: 'key': '********' is too short")
    }

    @Test("with an application on the command line, all keys except the host's are its settings")
    func others() throws {
        let text = "title: T\nserver: {port: 1}\nmodules: m\n"
        _ = try self.read(text, keepsOthers: true)
        let own = try ApplicationSettings(
            try SettingsFile(path: try self.folder.write("s.yaml", text), trust: FileTrust()), folder: "/")
        #expect(own.text("title") == "T")
        #expect(own.text("server.port") == nil)
        #expect(own.text("") == "{\"title\":\"T\"}")
    }

    @Test(
        "an error names file, line and key, and suggests a similar key",
        arguments: [
            ("aplications: []\n", "s.yaml:1: unknown key 'aplications' (did you mean 'applications'?)"),
            (
                "title: x\n",
                "s.yaml:1: unknown key 'title' (known keys: server, modules, applications, middleware, databases, templates, tls, static)"
            ),
            ("server: {prot: 1}\n", "s.yaml:1: unknown key 'server.prot' (did you mean 'port'?)"),
            ("server:\n  access-log: maybe\n", "s.yaml:2: 'server.access-log' must be true or false, found 'maybe'"),
            ("server:\n  port: [1]\n", "s.yaml:2: 'server.port' must be a single value, found a list"),
            ("server:\n  log-level: loud\n", "s.yaml:2: 'server.log-level' must be info or debug, found 'loud'"),
            ("server: 80\n", "s.yaml:1: 'server' must be a map of keys and values, found '80'"),
            ("applications: {wiki: {}}\n", "s.yaml:1: 'applications' must be a list of maps, found a map"),
            ("applications: [wiki]\n", "s.yaml:1: 'applications' must be a list of maps, found a list"),
            ("applications:\n  - name: x\n", "s.yaml:2: 'applications.0.module' is missing; name the library"),
            ("applications:\n  - module: a..b\n", "s.yaml:2: 'applications.0.module' 'a..b' is not a module"),
            (
                "applications:\n  - module: a\n    mont: /x\n",
                "s.yaml:3: unknown key 'applications.0.mont' (did you mean 'mount'?)"
            ),
            (
                "applications:\n  - module: a\n    mount: x\n",
                "s.yaml:3: 'applications.0.mount' 'x' does not start with a /"
            ),
            (
                "applications:\n  - module: a\n    mount: /a/../b\n",
                "s.yaml:3: 'applications.0.mount' '/a/../b' contains the segment '..'"
            ),
            (
                "applications:\n  - module: a\n    mount: /a%2fb\n",
                "s.yaml:3: 'applications.0.mount' '/a%2fb' contains %"
            ),
            (
                "applications:\n  - module: a\n    hosts: [a, 'b:80']\n",
                "s.yaml:3: 'applications.0.hosts' 'b:80' has a port"
            ),
            (
                "applications:\n  - module: a\n    hosts: {a: b}\n",
                "s.yaml:3: 'applications.0.hosts' must be a value, or a list"
            ),
            (
                "applications:\n  - module: a\n    variable: 1A\n",
                "s.yaml:3: 'applications.0.variable' '1A' is not a variable name"
            ),
            (
                "applications:\n  - module: a\n    settings: [1]\n",
                "s.yaml:3: 'applications.0.settings' must be a name, or a map"
            ),
            (
                "applications:\n  - module: a\n    worker: a b\n",
                "s.yaml:3: 'applications.0.worker' 'a b' is not a group name"
            ),
            ("server:\n  groups: {a: 1}\n", "s.yaml:2: 'server.groups' is a map of names"),
            (
                "server:\n  groups: {a: {wrkers: 1}}\n",
                "s.yaml:2: unknown key 'server.groups.a.wrkers' (did you mean 'workers'?)"
            ),
            (
                "server:\n  groups: {a: {environment: {1: x}}}\n",
                "s.yaml:2: 'server.groups.a.environment' must be a map of variable names"
            ),
            (
                "applications:\n  - {module: a, mount: \"x\\ninfo forged\"}\n",
                "s.yaml:2: 'applications.0.mount' 'x\\u{a}info forged' does not start with a /"
            ),
            (
                "applications:\n  - {module: a, name: b, wrapped-by: [c, b]}\n",
                "s.yaml:2: 'applications.0.wrapped-by' names the application itself, 'b'"
            ),
            ("databases: {x: 1}", "s.yaml:1: 'databases.x' must be a map; example: {engine: sqlite, name: site.db}"),
            (
                "databases: {x: {engine: sqlit}}",
                "s.yaml:1: 'databases.x.engine' must be sqlite, postgresql or mysql, found 'sqlit'"
            ),
            ("databases: {x: {name: a}}", "s.yaml:1: 'databases.x.engine' is missing; one of sqlite, postgresql"),
            ("databases: {x: {engine: mysql}}", "s.yaml:1: 'databases.x.name' is missing; name the database"),
            ("databases: {x y: {engine: mysql}}", "s.yaml:1: 'databases.x y': 'x y' is not a name"),
            (
                "databases:\n  x:\n    engine: postgresql\n    name: a\n    password: secret\n",
                "s.yaml:5: 'databases.x.password' is not supported; write the password to a file"
            ),
            (
                "databases: {x: {engine: postgresql, name: a, port: 0}}",
                "s.yaml:1: 'databases.x.port' '0' is not a port from 1 to 65535"
            ),
            (
                "databases: {x: {engine: sqlite, name: a, user: b}}",
                "s.yaml:1: 'databases.x.user' has no meaning for SQLite"
            ),
            (
                "databases: {x: {engine: mysql, name: a, password-env: B, password-file: c}}",
                "s.yaml:1: 'databases.x.password-env' and 'password-file' are both set"
            ),
            (
                "databases: {x: {engine: mysql, name: a, options: {b: [1]}}}",
                "s.yaml:1: 'databases.x.options.b' must be a single value"
            ),
            (
                "databases: {x: {engine: mysql, nam: a}}",
                "s.yaml:1: unknown key 'databases.x.nam' (did you mean 'name'?)"
            ),
            ("? [a, b]\n: 1\n", "s.yaml:1: found a list instead of a key"),
        ])
    func broken(text: String, message: String) {
        let reported = self.refusal(text)
        #expect(reported.hasPrefix(message), "\(reported)")
        #expect(!reported.contains("\n"))
    }

    @Test(
        "an application that cannot wrap another is refused",
        arguments: [
            ("wrapped-by: on", "s.yaml:4: 'wrapped-by': no application has the name 'on'; did you mean 'one'?"),
            ("wrapped-by: [one, x]", "s.yaml:4: 'wrapped-by': no application has the name 'x'; declare it"),
            (
                "wrapped-by: two",
                "s.yaml:4: 'wrapped-by': 'two' is the name of 2 applications (s.yaml:3, s.yaml:5)"
            ),
            (
                "worker: g, wrapped-by: one",
                "s.yaml:4: 'wrapped-by': 'one' (s.yaml:2) runs in other worker processes; set the same 'worker' for both"
            ),
            (
                "wrapped-by: five",
                "s.yaml:4: 'wrapped-by': 'five' is wrapped itself (s.yaml:6); list all that wrap this application"
            ),
            ("wrapped-by: one", "none"),
        ])
    func wrappers(key: String, message: String) throws {
        var deployment = Deployment(preparation: ApplicationPreparation(), workers: .example)
        deployment.entries = try self.read(
            """
            applications:
              - {module: a, name: one, mount: /one}
              - {module: b, name: two, mount: /two}
              - {module: c, mount: /c, \(key)}
              - {module: d, name: two, mount: /three}
              - {module: e, name: five, mount: /five, wrapped-by: one}
            """
        ).applications
        var found = "none"
        do { try deployment.check() } catch { found = "\(error)".replacing("\(self.folder.path)/", with: "") }
        #expect(found.hasPrefix(message), "\(found)")
    }

    @Test("two applications with the same mount are refused; the message names both places")
    func conflict() throws {
        var deployment = Deployment(preparation: ApplicationPreparation(), workers: .example)
        deployment.entries = try self.read(
            """
            applications:
              - {module: a, mount: /x, hosts: [one.example, two.example]}
              - {module: b, mount: /x}
              - {module: c, mount: /x, hosts: two.example}
            """
        ).applications
        let message = try #require(throws: HostError.self) { try deployment.check() }.message
        #expect(
            message.replacing("\(self.folder.path)/", with: "").hasPrefix(
                "s.yaml:4: /x of two.example is already mounted (s.yaml:2)"))
    }
}

extension ApplicationSettings {
    fileprivate func text(_ key: String) -> String? {
        self.value(key).map {
            String(decoding: UnsafeRawBufferPointer(start: $0.pointee.data, count: $0.pointee.size), as: UTF8.self)
        }
    }
}
