import CASGI
import Foundation
import RoostSystem
import TestSupport
import Testing

@testable import RoostModules

/// Modules that are refused before they are loaded, or by the probe; each with its own message.
@Suite("Module checks")
struct ModuleCheckTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func compile(
        _ source: String = Fixture.hello, named name: String = "m", flags: [String] = []
    ) throws -> String {
        try Fixture.compile(source, named: name, flags: flags, in: self.folder)
    }

    /// Returns the message of the refusal; "none" if the module is not refused.
    private func refusal(
        of path: String, symbol: String = "application", trust: FileTrust = FileTrust(), time: Int = 60
    ) throws -> String {
        do {
            let file = try ModuleFile(path: path, symbol: symbol, trust: trust)
            let module = ModuleProbe.Module(path: file.resolved, symbol: symbol)
            return ModuleProbe(command: Repository.roost, time: time).reports(of: [module])[0].fault ?? "none"
        } catch let error as HostError { return error.message }
    }

    @Test("a valid module is not refused")
    func good() throws { #expect(try self.refusal(of: self.compile()) == "none") }

    @Test("a missing file is refused with the similar names in the folder")
    func notFound() throws {
        let library = try self.compile(named: "shop")
        func message(_ name: String) throws -> String {
            do {
                return try ModuleLocator(folders: [self.folder.path]).path(of: ModuleName(name))
            } catch let error as HostError { return error.message }
        }
        #expect(try message("shop") == library)
        #expect(try message("\(self.folder.path)/libshop.so") == library)
        #expect(try message("shpo").hasSuffix("did you mean \(library)?"))
        #expect(
            try message("\(self.folder.path)/libshp.so")
                == "\(self.folder.path)/libshp.so: not found in \(self.folder.path); did you mean \(library)?")
        // A relative path depends on the working folder: the message names the working folder.
        let working = FileManager.default.currentDirectoryPath
        #expect(try message("./nosuch.so").hasPrefix("./nosuch.so: not found in \(working)"))
        #expect(try message("no/such.so") == "no/such.so: not found: the folder \(working)/no does not exist")
        #expect(try message("/no/such/lib.so") == "/no/such/lib.so: not found: the folder /no/such does not exist")
        try FileManager.default.createDirectory(atPath: "\(self.folder.path)/a", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: library, toPath: "\(self.folder.path)/a/b.so")
        #expect(try message("a.b") == "\(self.folder.path)/a/b.so")
        #expect(throws: HostError.self) { try ModuleName("a..b") }
        #expect(throws: HostError.self) { try ModuleName("a:1b") }
        #expect(try ModuleName("a.b:other").symbol == "other")
    }

    @Test("a file that is not ELF, for another machine, not a shared library or truncated is refused")
    func notLoadable() throws {
        let text = try self.folder.write("text.so", "hello")
        #expect(try self.refusal(of: text).contains("is not an ELF file"))
        #expect(try self.refusal(of: self.folder.write("empty.so", "")).contains("is empty"))
        #expect(try self.refusal(of: self.folder.path).contains("is a folder"))
        #expect(try self.refusal(of: "/dev/null").contains("is not a regular file"))
        #expect(
            try self.refusal(of: "\(Repository.products)/roost").contains("is not a shared library but an executable"))

        let good = try Data(contentsOf: URL(fileURLWithPath: self.compile()))
        func variant(_ name: String, _ change: (inout Data) -> Void) throws -> String {
            var data = good
            change(&data)
            try data.write(to: URL(fileURLWithPath: "\(self.folder.path)/\(name)"))
            return "\(self.folder.path)/\(name)"
        }
        #expect(
            try self.refusal(of: variant("arm.so") { $0[18] = ELFImage.machine == 62 ? 183 : 62 }).contains(
                "is built for"))
        #expect(try self.refusal(of: variant("i386.so") { $0[4] = 1 }).contains("is built for a 32-bit machine"))
        #expect(
            try self.refusal(of: variant("object.so") { $0[16] = 1 }).contains("an object file; link it with -shared"))
        for part in [1, 10, 50, 99] {
            let cut = try variant("cut.so") { $0 = $0.prefix(good.count * part / 100) }
            #expect(try self.refusal(of: cut).contains("is truncated"), "\(part) %")
        }
    }

    @Test("a library that does not define the function itself is refused, even if a library that it needs does")
    func noApplication() throws {
        let inner = try self.compile(named: "inner")
        let outer = try self.compile(
            "int aplication(void) { return 1; }", named: "outer", flags: [inner, "-Wl,-rpath,$ORIGIN"])
        let message = try self.refusal(of: outer)
        #expect(message.contains("does not define the function 'application' (it has aplication)"))
        #expect(
            try self.refusal(of: self.compile("int application = 1;", named: "datum")).contains(
                "does not define the function"))
        #expect(try self.refusal(of: self.compile(), symbol: "aplication").contains("(it has application)"))
        let script = try self.folder.write("hide.map", "{ local: *; };")
        let hidden = try self.compile(Fixture.hello, named: "hidden", flags: ["-Wl,--version-script=\(script)"])
        #expect(try self.refusal(of: hidden).contains("does not define the function 'application'; export"))
    }

    @Test("a file is refused if others can write to it or its folder, or if another user owns it")
    func writable() throws {
        let library = try self.compile()
        chmod(library, 0o757)
        #expect(try self.refusal(of: library).contains("is writable by everyone"))
        chmod(library, 0o775)
        chown(library, geteuid(), 12345)
        if geteuid() == 0 { #expect(try self.refusal(of: library).contains("is writable by group 12345")) }
        chmod(library, 0o755)
        #expect(try self.refusal(of: library) == "none")

        chmod(self.folder.path, 0o777)
        #expect(try self.refusal(of: library).contains("its folder \(self.folder.path) is writable by everyone"))
        chmod(self.folder.path, 0o1777)
        #expect(try self.refusal(of: library) == "none")
        chmod(self.folder.path, 0o700)

        guard geteuid() == 0 else { return }
        chown(library, 12345, 0)
        #expect(try self.refusal(of: library).contains("belongs to 12345"))
        var trust = FileTrust()
        trust.owners.insert(12345)
        #expect(try self.refusal(of: library, trust: trust) == "none")
    }

    @Test("the probe reports undefined symbols, crashes, hangs, exits and descriptions of other ABIs")
    func probed() throws {
        func fault(_ more: String, _ name: String, time: Int = 60) throws -> String {
            try self.refusal(of: self.compile(Fixture.hello + "\n" + more, named: name), time: time)
        }
        func module(_ abi: String, _ draft: String, _ flags: String = "0") -> String {
            """
            const asgi_module *asgi_module_info(void) { static const asgi_module m = {sizeof m, \(abi), \(draft), \(flags),
            ASGI_STRING("n"), ASGI_STRING("2"), ASGI_STRING("n.settings"), NULL}; return &m; }
            """
        }
        #expect(try fault("int f(void); int g(void) { return f(); }", "undefined").contains("undefined symbol: f"))
        let constructor = "__attribute__((constructor)) static void early(void)"
        #expect(
            try fault("\(constructor) { *(volatile int *)8 = 1; }", "crash").contains(
                "crashed with SIGSEGV while loading"))
        #expect(
            try fault("#include <unistd.h>\n\(constructor) { for (;;) pause(); }", "hang", time: 1).contains(
                "did not load within 1 seconds"))
        #expect(
            try fault("#include <stdlib.h>\n\(constructor) { exit(3); }", "exit").contains(
                "ended the process while loading (status 3)"))
        // The child writes its report to descriptor 3; a module can write there too.
        #expect(
            try fault("#include <unistd.h>\n\(constructor) { for (;;) write(3, \"x\\n\", 2); }", "flood").contains(
                "wrote into the probe's report"))
        #expect(
            try fault("#include <unistd.h>\n\(constructor) { close(3); for (;;) pause(); }", "closed", time: 1)
                .contains(
                    "did not load within 1 seconds"))
        #expect(try fault(module("7", "0"), "abi").contains("is built for ABI 7, but this host has ABI 0"))
        #expect(try fault(module("ASGI_ABI", "99"), "draft").contains("is built for draft 99"))
        #expect(try fault(module("ASGI_ABI", "ASGI_DRAFT", "ASGI_ONE_LOOP"), "flags") == "none")
        var description = ModuleDescription()
        description.flags = ASGI_ONE_LOOP
        #expect(description.fault(threads: 1) == nil)
        #expect(
            description.fault(threads: 2)
                == "requires ASGI_ONE_LOOP; serve it with --threads 1 (--workers adds processes, --wsgi-threads threads for WSGI)"
        )
        #expect(try fault(module("ASGI_ABI", "ASGI_DRAFT"), "good") == "none")
        #expect(
            try fault("const asgi_module *asgi_module_info(void) { return NULL; }", "null").contains("returned NULL"))
        #expect(
            try fault("const asgi_module *asgi_module_info(void) { static asgi_module m; return &m; }", "small")
                .contains("set it to sizeof"))
    }

    @Test("roost check reports facts and risks")
    func report() throws {
        let source =
            Fixture.hello + "\n__thread int t __attribute__((tls_model(\"initial-exec\"))); int *f(void) { return &t; }"
        let report = try ModuleReport(
            path: self.compile(source, named: "tls"), symbol: "application", trust: FileTrust(),
            probe: ModuleProbe(command: Repository.roost)
        )
        #expect(report.fault == nil)
        #expect(report.risks.count == 1)
        #expect(report.risks.first?.hasPrefix("static TLS") == true)
        #expect(report.rows.contains { $0 == ("name", "tls (from the file's name)") })

        let unique = try Fixture.compile(
            "template <class T> struct S { static int n; }; template <class T> int S<T>::n = 1; int f() { return S<int>::n++; }\n"
                + Fixture.hello, named: "unique", compiler: "g++", ending: "cpp", in: self.folder
        )
        let risky = try ModuleReport(
            path: unique, symbol: "application", trust: FileTrust(), probe: ModuleProbe(command: Repository.roost)
        )
        #expect(risky.risks.first?.contains("unique symbols of g++ (_ZN1SIiE1nE...)") == true)
    }

    @Test("ten thousand mutations of a library do not crash the ELF reader")
    func mutations() throws {
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: self.compile())))
        var state: UInt64 = 1
        func next(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        var accepted = 0
        for _ in 0..<10_000 {
            var bytes = good
            // Mostly in the first 1024 bytes: the headers, and what follows them.
            for _ in 0...next(4) { bytes[next(3) > 0 ? next(1024) : next(bytes.count)] = UInt8(next(256)) }
            if next(4) == 0 { bytes.removeLast(next(bytes.count)) }
            if (try? bytes.withUnsafeBytes { try ELFImage($0) }) != nil { accepted += 1 }
        }
        #expect(accepted > 0 && accepted < 10_000)
    }
}
