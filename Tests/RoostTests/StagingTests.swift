import Foundation
import RoostModules
import RoostSystem
import TestSupport
import Testing

@testable import Roost

/// Staging: the copy of a module that is loaded, and the run directory that holds it.
@Suite("Staging")
struct StagingTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private var run: String { "\(self.folder.path)/run" }

    private func module(_ source: String, named name: String, flags: [String] = []) throws -> ModuleFile {
        let path = try Fixture.compile(source, named: name, flags: flags, in: self.folder)
        return try ModuleFile(path: path, symbol: "application", trust: FileTrust())
    }

    @Test("every load uses the same bytes at a path that was never used before")
    func paths() throws {
        let run = try RunDirectory.make(self.run)
        let file = try self.module("int application(void) { return 1; }", named: "m")
        let first = try StagedModule(file, in: run, trust: FileTrust())
        let second = try StagedModule(file, in: run, trust: FileTrust())
        #expect(first.path != second.path)
        #expect(first.path.hasPrefix("\(run.boot)/1-\(file.hash)/"))
        #expect(first.path.hasSuffix("/libm.so"))
        #expect(FileManager.default.contentsEqual(atPath: first.path, andPath: file.path))
        run.remove()
        #expect(!FileManager.default.fileExists(atPath: run.boot))
    }

    @Test("a module finds the libraries beside, below and above it, and they find theirs")
    func siblings() async throws {
        try FileManager.default.createDirectory(atPath: "\(self.folder.path)/lib", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: "\(self.folder.path)/app/sub", withIntermediateDirectories: true)
        func compile(_ source: String, _ place: String, _ flags: [String] = []) throws -> String {
            let inner = try TemporaryFolder()
            let built = try Fixture.compile(source, named: "x", flags: flags, in: inner)
            try FileManager.default.moveItem(atPath: built, toPath: "\(self.folder.path)/\(place)")
            return "\(self.folder.path)/\(place)"
        }
        let deepest = try compile(
            "const char *deep(void) { return \"deep\"; }", "lib/libdeep.so", ["-Wl,-soname,libdeep.so"])
        let above = try compile(
            "const char *deep(void); const char *above(void) { return deep(); }", "lib/libabove.so",
            [deepest, "-Wl,-soname,libabove.so", "-Wl,-rpath,$ORIGIN"]
        )
        let below = try compile(
            "const char *below(void) { return \"below\"; }", "app/sub/libbelow.so", ["-Wl,-soname,libbelow.so"])
        let library = try compile(
            """
            #include <asgi.h>
            const char *above(void); const char *below(void);
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            { (void)receive; if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
              return asgi_respond(scope, send, 200, above(), asgi_text(below())); }
            """, "app/libm.so",
            [above, below, "-Wl,-rpath,$ORIGIN/../lib:$ORIGIN/sub", "-Wl,-rpath-link,\(self.folder.path)/lib"]
        )
        try await withServedHost(ServedHost(library, in: self.folder)) { served in
            let response = try served.get("/")
            #expect(response.text == "below")
            #expect(response.header("content-type") == "deep")
        }
    }

    @Test("a module is refused if others can write to a library beside it")
    func untrustedSibling() throws {
        let sibling = try Fixture.compile(
            "int f(void) { return 1; }", named: "sibling", flags: ["-Wl,-soname,libsibling.so"], in: self.folder)
        let file = try self.module(
            "int f(void); int application(void) { return f(); }", named: "m", flags: [sibling, "-Wl,-rpath,$ORIGIN"]
        )
        chmod(sibling, 0o777)
        let run = try RunDirectory.make(self.run)
        #expect(throws: HostError.self) { try StagedModule(file, in: run, trust: FileTrust()) }
    }

    @Test("a run directory must be an absolute folder of our own that others cannot write to")
    func proven() throws {
        func message(_ path: String) -> String {
            do {
                _ = try RunDirectory.make(path)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(message(self.run) == "none")
        chmod(self.run, 0o777)
        #expect(message(self.run).contains("is writable by others"))
        #expect(message("relative").contains("is not absolute"))
        #expect(message(try self.folder.write("file", "")).contains("run directory: "))
        #expect(message("/proc/none").contains("cannot be created"))
    }

    @Test("a run directory on a noexec mount is refused", .enabled(if: geteuid() == 0, "mounting wants root"))
    func noexec() throws {
        let place = "\(self.folder.path)/noexec"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let mounted = try Command.run(["mount", "-t", "tmpfs", "-o", "noexec,mode=700", "none", place])
        try #require(mounted.status == 0, "\(mounted.error)")
        defer { _ = try? Command.run(["umount", place]) }
        do {
            _ = try RunDirectory.make(place)
            Issue.record("it was taken")
        } catch { #expect("\(error)".contains("allows no executable mappings (is it mounted noexec?)")) }
    }

    @Test("a start removes the folders of dead processes, and only those")
    func deadStarts() throws {
        let living = try RunDirectory.make(self.run)
        let dead = "\(self.run)/dead"
        try FileManager.default.createDirectory(atPath: "\(dead)/1-x", withIntermediateDirectories: true)
        try "".write(toFile: "\(dead)/lock", atomically: false, encoding: .utf8)
        let next = try RunDirectory.make(self.run)
        #expect(!FileManager.default.fileExists(atPath: dead))
        #expect(FileManager.default.fileExists(atPath: living.boot))
        #expect(living.boot != next.boot)
    }
}
