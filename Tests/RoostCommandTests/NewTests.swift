import Foundation
import TestSupport
import Testing

/// `roost new` of the release build: the created module is built, served and changed as its output says.
@Suite("roost new")
struct NewTests {
    let folder: TemporaryFolder
    private static let roost = "\(Repository.root)/.build/release/roost"
    private static let hasCargo = (try? Command.run(["cargo", "--version"]))?.status == 0

    init() throws { self.folder = try TemporaryFolder() }

    @Test(
        "the executable alone creates a module that is built and served",
        arguments: [("c", ["asgi_fields.h", "asgi_pq.h", "asgi_urls.hpp"]), ("cpp", ["asgi_fields.h", "asgi_pq.h"])])
    func compiled(language: String, without: [String]) async throws {
        try await self.follow(language, roost: try self.copiedRoost())
        let include = "\(self.folder.path)/my-site/include"
        let headers = try FileManager.default.contentsOfDirectory(atPath: Repository.headers)
            .filter { $0.hasPrefix("asgi") && !without.contains($0) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: include).sorted() == headers.sorted())
        for header in headers {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(include)/\(header)", andPath: "\(Repository.headers)/\(header)"))
        }
    }

    @Test("a Rust module is created, built and served", .enabled(if: Self.hasCargo, "there is no cargo here"))
    func rust() async throws { try await self.follow("rust", roost: try self.copiedRoost()) }

    @Test("a Swift module is created, built and served, with the sources of the executable")
    func swift() async throws { try await self.follow("swift", roost: Self.roost) }

    @Test("a Swift module uses the sources named by --sdk, and is refused without any")
    func sources() throws {
        let roost = try self.copiedRoost()
        let refused = try self.new(["my-site", "--language", "swift"], roost: roost)
        #expect(refused.status == 2)
        #expect(refused.error.contains("which were not found above \(roost); name their folder with --sdk PATH"))
        let made = try self.new(["my-site", "--language", "swift", "--sdk", Repository.root], roost: roost)
        #expect(made.status == 0, "\(made.error)")
        #expect(
            try self.text("my-site/Package.swift").contains(#".package(name: "roost", path: "\#(Repository.root)")"#))
    }

    @Test("the default language is C, and an empty folder may exist already")
    func usual() throws {
        try FileManager.default.createDirectory(atPath: "\(self.folder.path)/x", withIntermediateDirectories: false)
        #expect(try self.new(["x"]).status == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(self.folder.path)/x").sorted() == [
                ".gitignore", "Makefile", "README.md", "include", "settings.yaml", "x.c",
            ])
    }

    @Test(
        "an invalid command line gives one line and status 2, and creates nothing",
        arguments: [
            (["9x"], "invalid module name '9x'"), (["x.y"], "invalid module name 'x.y'"),
            (["../x"], "invalid module name '../x'"), ([""], "invalid module name ''"),
            (["é"], "invalid module name 'é'"), (["x y"], "invalid module name 'x y'"),
            ([String(repeating: "x", count: 65)], "at most 64 characters"),
            (["x", "--language", "rsut"], "unknown --language 'rsut'; known: c, cpp, swift, rust; did you mean rust?"),
            (["x", "--language", "cobol"], "unknown --language 'cobol'; known: c, cpp, swift, rust\n"),
            (["x", "--sdk", "/"], "--sdk is for modules in Swift"),
            (["x", "--language", "swift", "--sdk", "/"], "--sdk / is not the folder of Roost's sources"),
            (["roost", "--language", "swift"], "'roost' is the name of a package"),
            (["swift-log", "--language", "swift"], "'swift-log' is the name of a package"), ([], "'<name>'"),
        ]
    )
    func refused(arguments: [String], message: String) throws {
        let reported = try self.new(arguments)
        #expect(reported.status == 2, "\(reported.error)")
        #expect(reported.error.hasPrefix("roost: "))
        #expect(reported.error.contains(message), "\(reported.error)")
        #expect(reported.error.split(separator: "\n").count == 1)
        #expect(try self.names() == [])
    }

    @Test("existing files are not changed")
    func there() throws {
        try self.folder.write("full/mine", "mine")
        try self.folder.write("file", "mine")
        for (name, message) in [("full", "is not empty"), ("file", "is not a folder")] {
            let reported = try self.new([name])
            #expect(reported.status == 2)
            #expect(reported.error.contains("\(name) exists already and \(message)"), "\(reported.error)")
        }
        #expect(try self.names() == ["file", "full"])
        #expect(try self.text("full/mine") == "mine")
        #expect(try self.text("file") == "mine")
    }

    @Test("a write error gives one line and status 1, and leaves no partial result")
    func half() throws {
        let full = try Command.run(
            ["sh", "-c", "trap '' XFSZ; ulimit -f 8; exec '\(Self.roost)' new x"], folder: self.folder.path)
        #expect(full.status == 1)
        #expect(full.error == "roost: x/include/asgi.h cannot be written: File too large\n")
        #expect(try self.names() == [])
        let nowhere = try Command.run([Self.roost, "new", "x"], folder: "/proc")
        #expect(nowhere.status == 1)
        #expect(nowhere.error.hasPrefix("roost: x cannot be created here: "))
    }

    /// Copies the executable far from the sources, to a path that needs all kinds of quoting.
    private func copiedRoost() throws -> String {
        let away = "\(self.folder.path)/.a b'$c#"
        try FileManager.default.createDirectory(atPath: away, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.roost, toPath: "\(away)/roost")
        return "\(away)/roost"
    }

    private func new(_ arguments: [String], roost: String = Self.roost) throws -> Command {
        try Command.run([roost, "new"] + arguments, folder: self.folder.path)
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.folder.path).sorted()
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(self.folder.path)/\(path)", encoding: .utf8)
    }
}

extension NewTests {
    /// Creates `my-site`, runs the commands that `roost new` prints, and checks the result.
    private func follow(_ language: String, roost: String) async throws {
        let made = try self.new(["my-site", "--language", language], roost: roost)
        try #require(made.status == 0, "\(made.error)")
        let commands = made.output.split(separator: "\n").filter { $0.hasPrefix("  ") }.map { $0.dropFirst(2) }
        try #require(commands == ["cd my-site && make", "make run"])
        #expect(try self.names().filter { !$0.hasPrefix(".a") } == ["my-site"])
        let folder = self.folder
        try await onThread { try Served(folder: folder, roost: roost).holds(build: String(commands[0])) }
    }

    private struct Served {
        let folder: TemporaryFolder
        let roost: String
        var site: String { "\(self.folder.path)/my-site" }

        func holds(build: String) throws {
            let built = try Command.run(["sh", "-c", build], folder: self.folder.path)
            try #require(built.status == 0, "\(built.error)\(built.output)")

            let greeted = try self.run()
            let visitor = Visitor(port: greeted.port)
            let page = try visitor.get("/")
            #expect(page.status == 200)
            #expect(page.text == "Hello from my-site!")
            #expect(page.header("content-type") == "text/plain; charset=utf-8")
            let head = try visitor.get("/", method: "HEAD")
            #expect(head.status == 200)
            #expect(head.header("content-length") == "19")
            #expect(try visitor.get("/nowhere").status == 404)
            let posted = try visitor.post("/", [:])
            #expect(posted.status == 405)
            #expect(posted.header("allow") == "GET, HEAD")
            #expect(greeted.stop() == 0)

            try self.folder.write("my-site/settings.yaml", "greeting: Good day")
            #expect(try self.greeting("--root-path /below") == "Good day")
            try FileManager.default.removeItem(atPath: "\(self.site)/settings.yaml")
            #expect(try self.greeting() == "Hello!")

            let check = try self.make("check")
            #expect(check.status == 0, "\(check.error)")
            for line in [
                "name       my-site\n", "version    0.1.0\n", "ok         the module can be served by this host\n",
            ] {
                #expect(check.output.contains(line), "\(check.output)")
            }
            #expect(!check.output.contains("risk"), "\(check.output)")
            let held = try Command.run([self.roost, "check", "--conformance", "./my-site.so"], folder: self.site)
            #expect(held.status == 0, "\(held.output)")

            let installed = try self.make("install", "MODULES=../a folder")
            #expect(installed.status == 0, "\(installed.error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(self.site)/../a folder") == ["my-site.so"])
        }

        private func greeting(_ options: String = "") throws -> String {
            let server = try self.run(options)
            let text = try Visitor(port: server.port).get("/").text
            #expect(server.stop() == 0)
            return text
        }

        /// Runs the last command of `make run` (the module is built already), with a port that the kernel chooses.
        private func run(_ options: String = "") throws -> RoostProcess {
            let recipe = try self.make("--dry-run", "run", "ARGUMENTS=--port 0 \(options)")
            let serve = try #require(recipe.output.split(separator: "\n").last).trimmingCharacters(in: .whitespaces)
            return try RoostProcess(["-c", serve], command: "/bin/sh", folder: self.site)
        }

        private func make(_ arguments: String...) throws -> Command {
            try Command.run(["make", "--no-print-directory"] + arguments, folder: self.site)
        }
    }
}
