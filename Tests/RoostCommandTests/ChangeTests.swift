import Foundation
import TestSupport
import Testing

/// Files that change while a start loads modules for the first time, or while a build runs.
@Suite("File changes during a start or a build")
struct ChangeTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private static func source(_ answer: String, before: String = "") -> String {
        """
        #include <asgi.h>
        #include <stdlib.h>
        #include <unistd.h>
        \(before)
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        { (void)receive; return scope->type == ASGI_HTTP ? asgi_respond(scope, send, 200, "text/plain", \(answer)) : ASGI_UNSUPPORTED; }
        """
    }

    /// A module that changes the files when it is loaded for the first time, in the probe of a start.
    private static let changing = source(
        "asgi_text(\"old\")",
        before: """
            __attribute__((constructor)) static void change(void)
            { if (access("changed", F_OK) != 0 && system("sh ./change.sh") != 0) abort(); }
            """)

    private func build(_ source: String, _ name: String, to place: String) throws {
        let built = try Fixture.compile(source, named: name, in: self.folder)
        try FileManager.default.createDirectory(
            atPath: "\(self.folder.path)/mods", withIntermediateDirectories: true)
        try? FileManager.default.removeItem(atPath: "\(self.folder.path)/\(place)")
        try FileManager.default.copyItem(atPath: built, toPath: "\(self.folder.path)/\(place)")
    }

    private func get(_ path: String, _ server: RoostProcess) throws -> Response {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try client.readResponse()
    }

    private func serve(_ options: [String]) throws -> RoostProcess {
        try RoostProcess(
            options + ["--port", "0", "--run-dir", "\(self.folder.path)/run", "--no-access-log"],
            folder: self.folder.path)
    }

    @Test("changed, added and removed modules and settings are noticed during the start", arguments: [true, false])
    func dropIn(isSupervised: Bool) throws {
        try self.build(Self.changing, "changing", to: "mods/app.so")
        try self.build(Self.source("asgi_text(\"new\")"), "new", to: "new.so")
        try self.build(Self.source("asgi_text(\"gone\")"), "gone", to: "mods/gone.so")
        try self.build(Self.source("asgi_setting(scope, \"k\", \"none\")"), "set", to: "mods/set.so")
        try self.folder.write("mods/set.yaml", "settings: {k: old}")
        try self.folder.write(
            "change.sh",
            """
            touch changed && cp new.so .n && mv .n mods/app.so && cp new.so .n && mv .n mods/later.so && rm mods/gone.so &&
            echo 'settings: {k: new}' >mods/set.yaml
            """)
        let server = try self.serve(["--modules", "mods"] + (isSupervised ? [] : ["--no-supervisor"]))
        for line in [" mounted application=later", " unmounted application=gone"] { try server.waitFor(line) }
        for name in ["app", "set"] { try server.waitFor(" reloaded application=\(name) ") }
        #expect(try self.get("/app/", server).text == "new")
        #expect(try self.get("/later/", server).text == "new")
        #expect(try self.get("/gone/", server).status == 404)
        #expect(try self.get("/set/", server).text == "new")
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("with --reload, a module that is replaced during the start is reloaded")
    func reload() throws {
        try self.build(Self.changing, "changing", to: "app.so")
        try self.build(Self.source("asgi_text(\"new\")"), "new", to: "new.so")
        try self.folder.write("change.sh", "touch changed && cp new.so .n && mv .n app.so")
        let server = try self.serve(["./app.so", "--reload"])
        try server.waitFor(" reloaded application=app")
        #expect(try self.get("/", server).text == "new")
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("settings that are saved while a build runs are reloaded, even if the build fails")
    func build() throws {
        try self.build(Self.source("asgi_setting(scope, \"k\", \"none\")"), "set", to: "set.so")
        try self.folder.write("src/x.c", "one")
        try self.folder.write("settings.yaml", "k: old")
        // The first build is that of the start. The next one waits for the file `go`, and fails.
        try self.folder.write(
            "build.sh",
            "[ -e first ] || exec touch first; echo begun >fifo; while [ ! -e go ]; do sleep 0.02; done; exit 1")
        mkfifo("\(self.folder.path)/fifo", 0o600)
        let server = try self.serve([
            "./set.so", "--settings", "settings", "--reload", "--reload-dir", "src", "--build", "sh build.sh",
        ])
        #expect(try self.get("/", server).text == "old")
        try self.folder.write("src/x.c", "two")
        // Returns when the build has begun.
        #expect(try Command.run(["cat", "\(self.folder.path)/fifo"]).output == "begun\n")
        try self.folder.write("settings.yaml", "k: new")
        try self.folder.write("go", "")
        try server.waitFor("build failed, previous version still serving status=1 ")
        try server.waitFor(" reloaded application=set")
        #expect(try self.get("/", server).text == "new")
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a file in a drop-in folder that does not serve is not logged as mounted")
    func notMounted() throws {
        try self.build(Self.source("asgi_text(\"one\")"), "one", to: "mods/one.so")
        let server = try self.serve(["--modules", "mods"])
        try self.folder.write("mods/broken.so", "no library")
        try server.waitFor("application not serving application=mods/broken.so ")
        try self.build(Self.source("asgi_text(\"two\")"), "two", to: "mods/two.so")
        try server.waitFor(" mounted application=two")
        #expect(!server.error.contains(" mounted application=mods/broken"))
        #expect(server.stop() == 0, "\(server.error)")
    }
}
