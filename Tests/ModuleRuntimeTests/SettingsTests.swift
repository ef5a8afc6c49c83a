import CASGI
import Foundation
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime

/// The settings module: the choice of the module, its file, its values.
@Suite("Settings")
struct SettingsTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "none"
        } catch { return "\(error)" }
    }

    private func settings(_ text: String, _ name: String = "settings.yaml") throws -> ApplicationSettings {
        try ApplicationSettings(
            try SettingsFile(path: try self.folder.write(name, text), trust: FileTrust()), folder: "/modules")
    }

    private func value(_ settings: ApplicationSettings, _ key: String) -> String? {
        settings.value(key).map {
            String(decoding: UnsafeRawBufferPointer(start: $0.pointee.data, count: $0.pointee.size), as: UTF8.self)
        }
    }

    @Test("the option precedes the environment, then the module's default, then a file named settings")
    func choice() throws {
        func chosen(_ option: String?, _ environment: String?, _ moduleDefault: String?) throws -> SettingsModule? {
            try SettingsModule.chosen(
                option: option, environment: environment, moduleDefault: moduleDefault, folders: [self.folder.path]
            )
        }
        #expect(try chosen("a", "b", "c") == SettingsModule(name: "a", origin: .option))
        #expect(try chosen(nil, "b", "c") == SettingsModule(name: "b", origin: .environment))
        #expect(try chosen(nil, "", "c") == SettingsModule(name: "c", origin: .module))
        #expect(try chosen(nil, nil, nil) == nil)
        try self.folder.write("settings.json", "{}")
        #expect(try chosen(nil, nil, nil) == SettingsModule(name: "settings", origin: .usual))
    }

    @Test("a settings module that the operator names must exist; a module's default need not")
    func found() throws {
        let folder = self.folder.path
        func file(_ name: String, _ origin: SettingsModule.Origin) throws -> String? {
            try SettingsModule(name: name, origin: origin).file(below: ["/nowhere", folder])
        }
        #expect(try file("wiki.settings", .module) == nil)
        #expect(
            self.message { _ = try file("wiki.settings", .option) }.hasPrefix(
                "--settings: settings module 'wiki.settings' not found: looked for /nowhere/wiki/settings.yaml"))
        #expect(
            self.message { _ = try file("wiki.settings", .environment) }.hasPrefix(
                "ROOST_SETTINGS_MODULE: settings module 'wiki.settings' not found"))
        let path = try self.folder.write("wiki/settings.yaml", "a: 1")
        #expect(try file("wiki.settings", .option) == path)
        try self.folder.write("wiki/settings.json", "{}")
        #expect(self.message { _ = try file("wiki.settings", .option) }.contains("both"))
        for bad in ["../x", "a/b", "a..b", "", ".a", "a b"] {
            #expect(self.message { _ = try file(bad, .option) }.contains("is not a settings module"), "\(bad)")
        }
    }

    @Test("strings are returned as written and all other values as JSON, by dotted key or all at once")
    func values() throws {
        let settings = try self.settings(
            """
            title: The "Wiki"
            quoted: "42"
            number: 42
            hex: 0x10
            ratio: 2.5
            open: true
            country: no
            version: 3.10
            serial: 12345678901234567890
            nothing: ~
            list: [1, two, {a: b}]
            pages: {size: 20, kind: {name: small}}
            """
        )
        #expect(self.value(settings, "title") == "The \"Wiki\"")
        #expect(self.value(settings, "quoted") == "42")
        #expect(self.value(settings, "number") == "42")
        #expect(self.value(settings, "hex") == "16")
        #expect(self.value(settings, "ratio") == "2.5")
        #expect(self.value(settings, "open") == "true")
        #expect(self.value(settings, "country") == "no")
        #expect(self.value(settings, "version") == "3.10")
        #expect(self.value(settings, "serial") == "12345678901234567890")
        #expect(self.value(settings, "nothing") == "null")
        #expect(self.value(settings, "list") == #"[1,"two",{"a":"b"}]"#)
        #expect(self.value(settings, "pages") == #"{"size":20,"kind":{"name":"small"}}"#)
        #expect(self.value(settings, "pages.size") == "20")
        #expect(self.value(settings, "pages.kind.name") == "small")
        #expect(self.value(settings, "pages.none") == nil)
        #expect(self.value(settings, "roost.folder") == "/modules")
        let all = try JSONSerialization.jsonObject(with: Data(self.value(settings, "")!.utf8)) as? [String: Any]
        #expect(all?["quoted"] as? String == "42")
        #expect(all?["number"] as? Int == 42)
        #expect(all?["title"] as? String == "The \"Wiki\"")
    }

    @Test("keys that would hide each other are refused, and settings that take too much memory")
    func bounded() throws {
        #expect(self.message { _ = try self.settings("a: {b: 1}\na.b: 2\n") }.contains(":2: duplicate key 'a.b'"))
        #expect(
            self.message { _ = try self.settings("roost.folder: /x\n") }.contains(
                ":1: the key 'roost.folder' is reserved"))
        #expect(self.message { _ = try self.settings("x: 1\n'': 2\n") }.contains(":2: the key '' is reserved"))
        // Each value is stored with its dotted key, and a key can be long.
        let text = "? \(String(repeating: "k", count: 1 << 20))\n:\n" + (0..<100).map { "  k\($0): 1\n" }.joined()
        #expect(self.message { _ = try self.settings(text) }.contains("the settings take more than 64 MiB in memory"))
    }

    @Test("JSON is read too, and an empty file has no values")
    func json() throws {
        #expect(self.value(try self.settings(#"{"a": {"b": [true, null]}}"#, "settings.json"), "a.b") == "[true,null]")
        #expect(self.value(try self.settings(""), "") == "{}")
        #expect(self.value(try self.settings("# nothing\n"), "") == "{}")
    }

    @Test(
        "a broken file is reported with file and line",
        arguments: [
            ("a: [1", ":2: "), ("a: 1\nb: 'x\n", ":3: "), ("a: 1\na: 2\n", ":2: duplicate key 'a'"),
            ("- a\n- b\n", ":1: found a list instead of a map"),
            ("hello\n", ":1: found a single value instead of a map"),
            ("a:\n\t- b\n", ":2: "),
        ]
    )
    func broken(text: String, message: String) throws {
        let path = try self.folder.write("broken.yaml", text)
        let reported = self.message { _ = try SettingsFile(path: path, trust: FileTrust()) }
        #expect(reported.hasPrefix("\(path)\(message)"), "\(reported)")
        #expect(!reported.contains("\n"))
    }

    @Test("a file that is not UTF-8, too large, missing, or a folder is refused")
    func unreadable() throws {
        let path = "\(self.folder.path)/latin.yaml"
        try Data([0x61, 0x3a, 0x20, 0xe9]).write(to: URL(fileURLWithPath: path))
        #expect(
            self.message { _ = try SettingsFile(path: path, trust: FileTrust()) }
                == "\(path): is not UTF-8; save it as UTF-8")
        let large = try self.folder.write("large.yaml", "a: " + String(repeating: "x", count: SettingsFile.largest))
        #expect(
            self.message { _ = try SettingsFile(path: large, trust: FileTrust()) }
                == "\(large): is larger than 4 MiB; is it a settings file?")
        #expect(
            self.message { _ = try SettingsFile(path: "/none.yaml", trust: FileTrust()) }.contains(
                "cannot be read: No such file"))
        #expect(
            self.message { _ = try SettingsFile(path: self.folder.path, trust: FileTrust()) }.contains(
                "is a folder; name a settings file"))
    }
}
