import Foundation
import TestSupport
import Testing

/// The inputs of a start: settings files, the environment, /proc.
@Suite("The start of a server")
struct StartTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private var hello: String { "\(Repository.products)/libHello.so" }

    private func start(_ arguments: String..., environment: [String: String] = [:]) throws -> RoostProcess {
        try RoostProcess(
            arguments + ["--port", "0", "--run-dir", "\(self.folder.path)/run"], environment: environment,
            folder: self.folder.path)
    }

    @Test("the start line names every settings file that was read; --no-settings reads none")
    func filesRead() throws {
        try self.folder.write(
            "settings.yaml", "modules: mods\napplications: [{module: ./a.so, mount: /a, settings: conf.a}]\n")
        try self.folder.write("conf/a.yaml", "title: A\n")
        try self.folder.write("mods/b.yaml", "settings: {title: B}\n")
        for path in ["a.so", "mods/b.so"] {
            try FileManager.default.copyItem(atPath: self.hello, toPath: "\(self.folder.path)/\(path)")
        }
        let all = try self.start()
        #expect(all.error.contains(" read=./settings.yaml,./conf/a.yaml,./mods/b.yaml "), "\(all.error)")
        #expect(all.stop() == 0)
        let none = try self.start("--no-settings", self.hello)
        #expect(!none.error.contains("read="), "\(none.error)")
        #expect(none.error.contains("settings=none"), "\(none.error)")
        #expect(none.stop() == 0)
        let nothing = try Command.run([Repository.roost, "--no-settings"], folder: self.folder.path)
        #expect(nothing.output.contains("roost ./libhello.so"))
        let both = try Command.run(
            [Repository.roost, self.hello, "--no-settings", "--settings", "settings"], folder: self.folder.path)
        #expect(both.status == 2)
        #expect(both.error.contains("--settings and --no-settings exclude each other"))
    }

    @Test("roost settings MODULE shows the file that the module selects itself, and the settings of groups")
    func settingsOfModule() throws {
        try self.folder.write(
            "settings.yaml",
            """
            server:
              threads: 3
              groups: {reports: {user: nobody, environment: {REGION: eu, API_PASSWORD: geheim}}}
            greeting: x
            """)
        let shown = try Command.run([Repository.roost, "settings", self.hello], folder: self.folder.path)
        #expect(shown.status == 0, "\(shown.error)")
        func value(_ key: String) -> [Substring] {
            shown.output.split(separator: "\n").first { $0.hasPrefix("\(key) ") }?.split(separator: " ") ?? []
        }
        #expect(value("server.threads") == ["server.threads", "3", "./settings.yaml:2"])
        #expect(value("server.groups.reports.user") == ["server.groups.reports.user", "nobody", "./settings.yaml:3"])
        #expect(value("server.groups.reports.environment.REGION").dropFirst().first == "eu")
        #expect(!shown.output.contains("geheim"))
    }

    @Test("an unknown variable that looks like an option is logged with the nearest name and without its value")
    func unknownVariables() throws {
        let server = try self.start(
            self.hello,
            environment: [
                "ROOST_PROT": "geheim", "ROOST_LOG_LEVEL": "info", "ROOST_TEST_X": "1", "ROOST_NO_ACCESS_LOG": "1",
            ])
        let lines = server.error.split(separator: "\n").filter { $0.contains("unknown environment variable") }
        #expect(lines.count == 2, "\(server.error)")
        #expect(lines.contains { $0.contains("name=ROOST_PROT") && $0.contains("nearest=ROOST_PORT") })
        #expect(lines.contains { $0.contains("name=ROOST_NO_ACCESS_LOG") && $0.contains("nearest=ROOST_ACCESS_LOG") })
        #expect(!server.error.contains("geheim"))
        #expect(server.stop() == 0)
        let settings = try Command.run(
            [Repository.roost, "settings"], environment: ["ROOST_PROT": "1"], folder: self.folder.path)
        #expect(settings.status == 0)
        #expect(
            settings.error == "roost: unknown environment variable ROOST_PROT is ignored (did you mean ROOST_PORT?)\n")
    }

    @Test("a settings file that exceeds the limits, or never ends, delays no other application")
    func hostileNeighbours() throws {
        let mods = "\(self.folder.path)/mods"
        try self.folder.write("mods/README", "")
        for name in ["a", "b", "c"] {
            try FileManager.default.copyItem(atPath: self.hello, toPath: "\(mods)/\(name).so")
        }
        let server = try self.start("--modules", mods)
        var bomb = "settings:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (name, before) in zip("bcdefghi", "abcdefgh") {
            bomb += "  \(name): &\(name) [\(Array(repeating: "*\(before)", count: 10).joined(separator: ","))]\n"
        }
        try self.folder.write("mods/a.yaml", bomb)
        mkfifo("\(mods)/b.yaml", 0o600)
        try server.waitFor("a.yaml:6: more than 100000 keys and values")
        try server.waitFor("b.yaml: is not a regular file")
        try FileManager.default.copyItem(atPath: self.hello, toPath: "\(mods)/d.so")
        try server.waitFor("mount=/d")
        #expect(server.stop() == 0)
        #expect(server.error.components(separatedBy: "a.yaml:6: ").count == 2, "\(server.error)")
    }

    @Test("a settings file that others can write to refuses the start, and the error names the fix")
    func untrusted() throws {
        let file = try self.folder.write("settings.yaml", "server: {build: rm}\n")
        chmod(file, 0o666)
        let refused = try Command.run(
            [Repository.roost, self.hello, "--settings", "settings"], folder: self.folder.path)
        #expect(refused.status == 2)
        #expect(
            refused.error.contains("is writable by everyone (mode 0666); run chmod o-w \(file)"), "\(refused.error)")
    }

    @Test("roost serves where /proc is not mounted", .enabled(if: geteuid() == 0, "unshare needs root"))
    func noProc() throws {
        // libdispatch examines the threads of its pool in /proc, and ends the process if it finds one that /proc does not
        // show: a worker without /proc crashes now and then.
        try withKnownIssue("libdispatch needs /proc", isIntermittent: true) {
            let server = try RoostProcess(
                [
                    "-m", "sh", "-c", "umount -l /proc; exec \"$@\"", "sh", Repository.roost, self.hello, "--port", "0",
                    "--run-dir", "\(self.folder.path)/run",
                ], command: "/usr/bin/unshare")
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text == "Hello, World!")
            #expect(server.stop() == 0)
        }
        let refused = try Command.run(
            [
                "unshare", "-m", "sh", "-c", "umount -l /proc; exec \"$@\"", "sh", Repository.roost, self.hello,
                "--limit-max-rss", "100000000",
            ])
        #expect(refused.status == 2)
        #expect(refused.error.contains("--limit-max-rss needs /proc"), "\(refused.error)")
    }
}
