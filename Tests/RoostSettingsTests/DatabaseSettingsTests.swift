import Glibc
import RoostSystem
import TestSupport
import Testing

@testable import RoostSettings

/// The settings of databases: what applications get, and what is shown.
@Suite("Databases")
struct DatabaseSettingsTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func entries(_ text: String) throws -> [DatabaseEntry] {
        let file = try SettingsFile(path: try self.folder.write("s.yaml", "databases:\n\(text)"), trust: FileTrust())
        return try HostSettings(
            file, server: SettingsSchema([]), group: SettingsSchema([]), keepsOthers: false
        ).databases
    }

    private func resolve(_ text: String, _ variables: [String: String] = [:]) throws -> [String: String] {
        DatabaseSettings.values(
            of: try self.entries(text).map { try DatabaseSettings($0, trust: FileTrust()) { variables[$0] } })
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try self.resolve(text)
            return "none"
        } catch { return "\(error)".replacing("\(self.folder.path)/", with: "") }
    }

    @Test("an application gets each value by its dotted key, and all as JSON")
    func values() throws {
        try self.folder.write("password", "se\"cret\n")
        chmod("\(self.folder.path)/password", 0o640)
        let values = try self.resolve(
            """
              default: {engine: sqlite, name: site.db}
              other:
                engine: postgresql
                name: wiki
                host: /run/postgresql
                port: "5433,5434"
                user: w
                password-file: password
                options: {sslmode: require, connect_timeout: 5}
              third: {engine: mysql, name: m, password-env: SECRET}
            """, ["SECRET": "from the environment"])
        #expect(values["roost.databases.default.name"] == "\(self.folder.path)/site.db")
        #expect(values["roost.databases.default.password"] == nil)
        #expect(values["roost.databases.other.port"] == "5433,5434")
        #expect(values["roost.databases.other.password"] == "se\"cret")
        #expect(values["roost.databases.other.options.sslmode"] == "require")
        #expect(values["roost.databases.other.options"] == #"{"sslmode":"require","connect_timeout":"5"}"#)
        #expect(values["roost.databases.third.password"] == "from the environment")
        #expect(
            values["roost.databases.other"]
                == #"{"engine":"postgresql","name":"wiki","host":"/run/postgresql","port":"5433,5434","user":"w","#
                + #""password":"se\"cret","options":{"sslmode":"require","connect_timeout":"5"}}"#)
        #expect(values["roost.databases"]?.hasPrefix(#"{"default":{"engine":"sqlite""#) == true)
        #expect(try self.resolve("  {}\n") == [:])
    }

    @Test("the password is not shown, and neither are options that hold a secret")
    func shown() throws {
        let entry = try #require(
            self.entries(
                "  x: {engine: postgresql, name: n, password-file: /run/secret, options: {sslpassword: abc, a: 1}}\n"
            ).first)
        let text = entry.values.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        #expect(
            text
                == "engine=postgresql name=n password-file=/run/secret options.sslpassword=\(Redaction.mask) options.a=1"
        )
    }

    @Test(
        "the end of the password's last line does not count; an empty one and NUL are refused",
        arguments: [("p\n", "p"), ("p\r\n", "p"), ("p", "p"), ("p \n", "p "), ("p\n\n", "p\n"), ("é\n", "é")])
    func lineEnd(text: String, password: String) throws {
        let path = try self.folder.write("password", text)
        chmod(path, 0o600)
        let entry = "  x: {engine: mysql, name: n, password-file: password}\n"
        #expect(try self.resolve(entry)["roost.databases.x.password"] == password)
        for bad in ["", "\n", "a\0b"] {
            try self.folder.write("password", bad)
            #expect(self.refusal(entry) == "s.yaml:2: 'databases.x': its password is empty, or has a NUL byte")
        }
    }

    @Test("a URL with a password is not shown")
    func secretName() throws {
        let entry = try #require(
            self.entries("  x: {engine: postgresql, name: 'postgresql://u:pw@h/db'}\n").first)
        #expect(!entry.values.contains { $0.value.contains("pw") })
    }

    @Test("a password that cannot be read is refused with its place")
    func unreadable() throws {
        try self.folder.write("open", "x")
        chmod("\(self.folder.path)/open", 0o644)
        let start = "s.yaml:2: 'databases.x.password-"
        func entry(_ source: String) -> String { "  x: {engine: mysql, name: n, \(source)}\n" }
        #expect(
            self.refusal(entry("password-file: absent"))
                == "\(start)file': absent: cannot be read: No such file or directory")
        #expect(
            self.refusal(entry("password-file: open"))
                == "\(start)file': open: every user may read this secret; run chmod o= on it")
        #expect(
            self.refusal(entry("password-env: NONE")) == "\(start)env': the environment variable NONE is not set")
        #expect(
            self.refusal(entry("password-env: A B")).hasPrefix("s.yaml:2: 'databases.x.password-env' 'A B' is not a"))
    }
}
