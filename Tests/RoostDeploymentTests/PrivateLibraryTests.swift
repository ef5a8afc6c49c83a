import Foundation
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import RoostDeployment

/// Libraries that modules bring with them. The loader identifies them by name, and gives all modules the first one.
@Suite("Private libraries")
struct PrivateLibraryTests {
    private let folder: TemporaryFolder
    private let run: RunDirectory

    init() throws {
        self.folder = try TemporaryFolder()
        self.run = try RunDirectory.make("\(self.folder.path)/run")
    }

    /// Builds a module in a folder of its own, beside a library of this name whose function returns `says`.
    private func module(
        _ name: String, needs library: String, says: String, path: String = "$ORIGIN", flags: [String] = []
    ) throws -> String {
        let place = try TemporaryFolder()
        let built = try Fixture.compile(
            "const char *whose(void) { return \"\(says)\"; }", named: "x", flags: ["-Wl,-soname,\(library)"], in: place)
        mkdir("\(self.folder.path)/\(name)", 0o700)
        let beside = "\(self.folder.path)/\(name)/\(library)"
        rename(built, beside)
        let module = try Fixture.compile(
            Self.source, named: "m", flags: [beside, "-Wl,-rpath,\(path)"] + flags, in: place)
        rename(module, "\(self.folder.path)/\(name)/\(name).so")
        return "\(self.folder.path)/\(name)/\(name).so"
    }

    /// Copies a library, since compiling it again would embed other paths and change its bytes.
    private func copy(_ library: String, of one: String, to other: String) throws {
        unlink("\(self.folder.path)/\(other)/\(library)")
        try FileManager.default.copyItem(
            atPath: "\(self.folder.path)/\(one)/\(library)", toPath: "\(self.folder.path)/\(other)/\(library)")
    }

    private static let source = """
        #include <asgi.h>
        extern const char *whose(void);
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        { (void)receive; if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
          return asgi_respond(scope, send, 200, "text/plain", asgi_text(whose())); }
        """

    private func staged(_ path: String) throws -> StagedModule {
        try StagedModule(
            try ModuleFile(path: path, symbol: "application", trust: FileTrust()), in: self.run, trust: FileTrust())
    }

    private func scan(
        _ modules: [(name: String, path: String, group: String?)], before: Deployment.Scan? = nil
    ) throws -> Deployment.Scan {
        var deployment = Deployment(preparation: ApplicationPreparation(), workers: .example)
        deployment.preparation.probe = ModuleProbe(command: Repository.roost)
        deployment.entries = try modules.map { module in
            var entry = ApplicationEntry(
                module: try ModuleName(module.path), mount: try Mount(path: "/\(module.name)"), name: module.name,
                settings: nil)
            entry.group = module.group
            return entry
        }
        let known = before?.declared.compactMap { try? $0.preparation.get() } ?? []
        return try deployment.scan([], before: before, run: self.run, known: known)
    }

    private func fault(_ name: String, _ scan: Deployment.Scan) -> String? {
        guard case .failure(let error)? = scan.declared.first(where: { $0.name == name })?.preparation else {
            return nil
        }
        return error.message
    }

    @Test("private libraries are copied: a changed original makes a new generation and leaves the copy unchanged")
    func copies() throws {
        let path = try self.module("a", needs: "libcopied.so.1", says: "one")
        let staged = try self.staged(path)
        let library = try #require(staged.libraries.first)
        let original = "\(self.folder.path)/a/libcopied.so.1"
        #expect(staged.libraries.count == 1)
        #expect(library.path == original && library.names == ["libcopied.so.1"])
        var status = stat()
        #expect(lstat(library.copy, &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
        let bytes = FileManager.default.contents(atPath: original)
        #expect(FileManager.default.contents(atPath: library.copy) == bytes)
        #expect(!staged.isOutdated)
        _ = try self.module("a", needs: "libcopied.so.1", says: "two")
        #expect(staged.isOutdated)
        #expect(FileManager.default.contents(atPath: library.copy) == bytes)
        #expect(try self.staged(path).libraries != staged.libraries)
        var reader = MessageReader(MessageFrame.encode(MessageList(staged.libraries)).dropFirst(5))
        #expect(try reader.readList(PrivateLibrary.self) == staged.libraries)
    }

    @Test("a library that is not a regular file is refused without waiting for it")
    func fifo() throws {
        let path = try self.module("a", needs: "libfifo.so.1", says: "one")
        unlink("\(self.folder.path)/a/libfifo.so.1")
        mkfifo("\(self.folder.path)/a/libfifo.so.1", 0o600)
        let error = #expect(throws: HostError.self) { try self.staged(path) }
        #expect(error?.message.hasSuffix("libfifo.so.1: is not a regular file") == true)
    }

    @Test("a library in an absolute folder before $ORIGIN is not private to the module")
    func order() throws {
        let elsewhere = "\(self.folder.path)/a"
        _ = try self.module("a", needs: "libordered.so.1", says: "first")
        let path = try self.module("b", needs: "libordered.so.1", says: "second", path: "\(elsewhere):$ORIGIN")
        #expect(try self.staged(path).libraries.isEmpty)
        let other = try self.module("c", needs: "libordered.so.1", says: "third", path: "$ORIGIN:\(elsewhere)")
        #expect(try self.staged(other).libraries.map(\.path) == ["\(self.folder.path)/c/libordered.so.1"])
    }

    @Test(
        "the second of two different libraries of one name is refused with both paths and the remedy; groups avoid it")
    func refused() throws {
        let (a, b) = (
            try self.module("a", needs: "libtwice.so.1", says: "a's"),
            try self.module("b", needs: "libtwice.so.1", says: "b's")
        )
        let scan = try self.scan([("a", a, nil), ("b", b, nil)])
        #expect(self.fault("a", scan) == nil)
        let fault = try #require(self.fault("b", scan))
        for word in [
            b, "'b' cannot be loaded beside 'a'", "/a/libtwice.so.1", "/b/libtwice.so.1", "the same name libtwice.so.1",
            "worker: NAME",
        ] { #expect(fault.contains(word), "\(word): \(fault)") }
        for groups in [(nil, "own"), ("own", nil), ("one", "two")] as [(String?, String?)] {
            let scan = try self.scan([("a", a, groups.0), ("b", b, groups.1)])
            #expect(self.fault("a", scan) == nil && self.fault("b", scan) == nil)
        }
        let together = try self.scan([("a", a, "own"), ("b", b, "own")])
        #expect(self.fault("b", together)?.contains("beside 'a'") == true)
    }

    @Test("applications that serve take precedence over new ones, in any order; identical libraries coexist")
    func precedence() throws {
        let (a, b, same) = (
            try self.module("a", needs: "liborder.so.1", says: "a's"),
            try self.module("b", needs: "liborder.so.1", says: "b's"),
            try self.module("c", needs: "liborder.so.1", says: "b's")
        )
        try self.copy("liborder.so.1", of: "b", to: "c")
        let before = try self.scan([("b", b, nil)])
        let scan = try self.scan([("a", a, nil), ("b", b, nil), ("c", same, nil)], before: before)
        #expect(self.fault("b", scan) == nil && self.fault("c", scan) == nil)
        #expect(self.fault("a", scan)?.contains("beside 'b'") == true)
    }

    @Test("a module's SONAME conflicts with libraries of that name; modules may share a SONAME")
    func modules() throws {
        let library = try self.module("a", needs: "libsite.so", says: "a's")
        let (one, two) = (
            try self.module("one", needs: "libone.so.1", says: "1", flags: ["-Wl,-soname,libsite.so"]),
            try self.module("two", needs: "libtwo.so.1", says: "2", flags: ["-Wl,-soname,libsite.so"])
        )
        let fine = try self.scan([("one", one, nil), ("two", two, nil)])
        #expect(self.fault("one", fine) == nil && self.fault("two", fine) == nil)
        #expect(
            self.fault("one", try self.scan([("a", library, nil), ("one", one, nil)]))?.contains("libsite.so") == true)
        #expect(
            self.fault("a", try self.scan([("one", one, nil), ("a", library, nil)]))?.contains("libsite.so") == true)
    }

    @Test("a library with the name of a different one that the host has loaded is refused")
    func ofTheHost() throws {
        let taken = try #require(LoadedObject.all().first { $0.soname?.hasPrefix("libm.so") == true }?.soname)
        let path = try self.module("a", needs: taken, says: "a's", flags: ["-Wl,--unresolved-symbols=ignore-all"])
        let fault = try #require(self.fault("a", try self.scan([("a", path, nil)])))
        #expect(fault.contains("/a/\(taken) has the name \(taken) of "), "\(fault)")
        #expect(fault.contains("which this process has already loaded"))
    }

    @Test("no module is loaded with the library of another module")
    func loading() throws {
        func load(_ staged: StagedModule) throws -> String? {
            do {
                _ = try ModuleImage(path: staged.path, symbol: "application", libraries: staged.libraries)
                return nil
            } catch { return HostError(error).message }
        }
        let a = try self.staged(try self.module("a", needs: "libheld.so.1", says: "a's"))
        let b = try self.staged(try self.module("b", needs: "libheld.so.1", says: "b's"))
        let third = try self.module("c", needs: "libheld.so.1", says: "a's")
        try self.copy("libheld.so.1", of: "a", to: "c")
        let same = try self.staged(third)
        #expect(try load(a) == nil)
        let fault = try #require(try load(b))
        #expect(fault.contains("/b/libheld.so.1 has the name libheld.so.1 of \(a.libraries[0].copy)"), "\(fault)")
        #expect(try load(same) == nil)
        // The module expects the system's library and would get that of another module.
        let path = try self.module("d", needs: "libheld.so.1", says: "d's")
        unlink("\(self.folder.path)/d/libheld.so.1")
        let stranger = try self.staged(path)
        for _ in 1...2 {
            let fault = try #require(try load(stranger))
            #expect(fault.contains("needs the library libheld.so.1, and would get \(a.libraries[0].copy)"), "\(fault)")
        }
    }

    @Test("a process that has loaded a library refuses another one of its name; a new worker loads it")
    func images() throws {
        let before = try self.scan([("a", try self.module("a", needs: "libnew.so.1", says: "a's"), nil)])
        let after = try self.scan([("b", try self.module("b", needs: "libnew.so.1", says: "b's"), nil)])
        let (old, new) = (try before.declared[0].preparation.get(), try after.declared[0].preparation.get())
        let images = LoadedImages([DeployedApplication(old)])
        let obstacle = images.obstacle(to: new, within: LoadedImages.Allowance())
        #expect(obstacle?.contains("/b/libnew.so.1 has the name libnew.so.1 of") == true)
        #expect(LoadedImages([]).obstacle(to: new, within: LoadedImages.Allowance()) == nil)
    }

    @Test("the description of a library that the module needs is not the module's")
    func description() throws {
        let library = try Fixture.compile(
            """
            #include <asgi.h>
            const asgi_module *asgi_module_info(void)
            { static const asgi_module m = {sizeof m, ASGI_ABI, ASGI_DRAFT, ASGI_BLOCKING, ASGI_STRING("library"), ASGI_STRING("9"),
                {NULL, 0}, NULL}; return &m; }
            const char *whose(void) { return "described"; }
            """, named: "described", flags: ["-Wl,-soname,libdescribed.so"], in: self.folder)
        let module = try Fixture.compile(
            Self.source, named: "plain", flags: [library, "-Wl,-rpath,$ORIGIN"], in: self.folder)
        let staged = try self.staged(module)
        let image = try ModuleImage(path: staged.path, symbol: "application", libraries: staged.libraries)
        #expect(image.description == ModuleDescription())
        #expect(throws: HostError.self) {
            try ModuleImage(path: staged.path, symbol: "whose", libraries: staged.libraries)
        }
        #expect(staged.libraries.map(\.names) == [["libdescribed.so"]])
    }
}
