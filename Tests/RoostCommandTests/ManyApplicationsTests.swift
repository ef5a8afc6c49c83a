import Foundation
import TestHarness
import TestSupport
import Testing

/// A folder of applications that changes under a load, which must not notice it, with the results of `make build`.
@Suite("Many applications")
struct ManyApplicationsTests {
    private let folder: TemporaryFolder
    private static let roost = "\(Repository.root)/.build/release/roost"

    init() throws { self.folder = try TemporaryFolder() }

    /// The commands that create modules.
    private static let creating = [
        "roost new hello && make -C hello install MODULES=../modules",
        "roost new shop --language cpp && make -C shop install MODULES=../modules",
    ]
    /// The commands that change the folder while it is served.
    private static let changing = [
        "curl http://127.0.0.1:8000/hello/",
        "echo 'settings: {greeting: Good morning}' > modules/hello.yaml",
        "echo '{mount: /, hosts: [shop.example.org]}' > modules/shop.yaml",
        "curl -H 'host: shop.example.org' http://127.0.0.1:8000/",
        "echo '{worker: own, settings: {greeting: Good evening}}' > modules/hello.yaml",
        "cp hello/hello.so modules/again.so",
        "rm modules/again.so",
        "roost status",
    ]

    private func shell(_ command: String) throws -> Command {
        // As if roost were in PATH.
        let path = "\(Repository.root)/.build/release:\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        return try Command.run(["sh", "-c", command], environment: ["PATH": path], folder: self.folder.path)
    }

    private func get(_ path: String, host: String = "x", port: Int) throws -> Response {
        let client = try RawClient(port: port)
        client.send("GET \(path) HTTP/1.1\r\nhost: \(host)\r\n\r\n")
        return try client.readResponse()
    }

    @Test("modules are created, added, configured, moved to a host and a group, crashed and removed under load")
    func walk() throws {
        for command in Self.creating {
            let done = try self.shell(command)
            #expect(done.status == 0, "\(command)\n\(done.error)\(done.output)")
        }
        // One module that stays, and one that crashes on request.
        let places = try Fixture.compile(
            file: Repository.fixture("Places.c"), named: "places", flags: ["-DVERSION=\"1\""], in: self.folder)
        _ = try self.shell(
            "cp \(places) modules/stays.so && cp \(places) modules/crashes.so && echo 'worker: fragile' > modules/crashes.yaml"
        )
        let server = try RoostProcess(
            [
                "--modules", "modules", "--port", "0", "--run-dir", "\(self.folder.path)/run", "--workers", "2",
                "--no-access-log",
            ],
            command: Self.roost, folder: self.folder.path)
        server.ignoreErrors()
        let port = server.port
        let load = SteadyLoad(["/stays/x", "/hello/"], port: port)

        for path in ["/hello/", "/hello"] { #expect(try self.get(path, port: port).status == 200) }
        #expect(try self.get("/shop/", port: port).status == 200)
        for command in Self.changing {
            let line = command.replacingOccurrences(of: "8000", with: "\(port)")
            guard !command.hasPrefix("rm ") else { continue }
            let done = try self.shell(line.hasPrefix("roost ") ? "\(line) --run-dir run" : line)
            #expect(done.status == 0, "\(command)\n\(done.error)")
            switch command {
            case let text where text.contains("Good morning"):
                try wait(for: "the settings") { try self.get("/hello/", port: port).text.contains("Good morning") }
                // Invalid settings change nothing, and are reported.
                _ = try self.shell("echo '{greeting' > modules/hello.yaml")
                try wait(for: "the fault") {
                    try self.shell("roost status --json --run-dir run").output.contains("hello.yaml:")
                }
                #expect(try self.get("/hello/", port: port).text.contains("Good morning"))
            case let text where text.hasPrefix("echo") && text.contains("shop.example.org"):
                try wait(for: "the host") {
                    try self.get("/", host: "shop.example.org", port: port).status == 200
                        && self.get("/shop/", port: port).status == 404
                }
            case let text where text.contains("worker: own"):
                try wait(for: "the group") { try self.get("/hello/", port: port).text.contains("Good evening") }
            case let text where text.hasPrefix("cp "):
                try wait(for: "the copy") { try self.get("/again/", port: port).status == 200 }
            case let text where text.hasPrefix("roost status"):
                #expect(done.output.contains("/again"))
                #expect(done.output.contains("own"))
            default: break
            }
        }
        // A crash in a group costs its own request and no other.
        #expect(try self.get("/crashes/crash", port: port).status == 503)
        try wait(for: "its next worker") { try self.get("/crashes/x", port: port).status == 200 }
        #expect(load.stop() == [:])
        #expect(load.answered > 100)
        _ = try self.shell(try #require(Self.changing.first { $0.hasPrefix("rm ") }))
        try wait(for: "the removal") { try self.get("/again/", port: port).status == 404 }
        #expect(server.stop() == 0)
    }

    @Test(
        "invalid settings refuse the start with one line",
        arguments: [
            ("server: {prot: 1}", "settings.yaml:1: unknown key 'server.prot' (did you mean 'port'"),
            ("server: {port: many}", "settings.yaml:1: The value 'many' is invalid for '--port"),
            ("server: {threads: 0}", "settings.yaml:1: --threads 0 is not between 1 and 256"),
            ("server: {limit-send: 1}", "settings.yaml:1: --limit-send-ahead 65536 is more than --limit-send 1"),
            ("server: {limit-view-body: 0}", "settings.yaml:1: --limit-view-body 0 is not between 1 and"),
            (
                "server: {limit-form-fields: 1k}",
                "settings.yaml:1: The value '1k' is invalid for '--limit-form-fields"
            ),
            (
                "server: {groups: {a: {limit-form-fields: -1}}}\nmodules: m",
                "settings.yaml:1: --limit-form-fields -1 is not between 1 and 16777216"
            ),
            ("applications: [{module: a, mount: /x}, {module: b, mount: /x}]", "/x is already mounted"),
            (
                "modules: m\napplications:\n - {module: ./x.so, mount: x}",
                "settings.yaml:3: 'applications.0.mount' 'x' does not start with a /"
            ),
            ("title: x", "settings.yaml:1: unknown key 'title'"),
            ("server: {port: 0}", "settings.yaml: nothing to serve; add "),
            (
                "server: {groups: {a: {workers: 1000}}}\nmodules: m",
                "settings.yaml:1: --workers 1000 is not between 1 and 256"
            ),
            ("{", "settings.yaml:"),
        ])
    func refused(settings: String, message: String) throws {
        try self.folder.write("settings.yaml", settings)
        let done = try Command.run(
            ["timeout", "20", Self.roost, "--run-dir", "\(self.folder.path)/run"], folder: self.folder.path)
        #expect([1, 2].contains(done.status), "\(done.status)")
        #expect(done.error.contains(message), "\(done.error)")
        #expect(done.error.split(separator: "\n").count == 1, "\(done.error)")
    }

    @Test("the order is command line, environment, file, default; roost settings names the source and hides secrets")
    func layers() throws {
        try self.folder.write(
            "settings.yaml",
            """
            server: {threads: 3, timeout-write: 9, access-log: no, limit-form-fields: 50}
            applications:
              - {module: ./x.so, mount: /x, settings: {title: T, password: geheim, db: "pg://u:p@h/x"}}
            """)
        let done = try Command.run(
            [Self.roost, "settings", "--timeout-write", "7"],
            environment: ["ROOST_THREADS": "2", "ROOST_LOG_LEVEL": "debug"], folder: self.folder.path)
        #expect(done.status == 0, "\(done.error)")
        func row(_ name: String) -> [Substring] {
            done.output.split(separator: "\n").map { $0.split(separator: " ") }.first {
                $0.first.map(String.init) == name
            } ?? []
        }
        #expect(row("server.timeout-write") == ["server.timeout-write", "7", "command", "line"])
        #expect(row("server.threads") == ["server.threads", "2", "$ROOST_THREADS"])
        #expect(row("server.log-level") == ["server.log-level", "debug", "$ROOST_LOG_LEVEL"])
        #expect(row("server.access-log") == ["server.access-log", "no", "./settings.yaml:1"])
        #expect(row("server.limit-form-fields") == ["server.limit-form-fields", "50", "./settings.yaml:1"])
        #expect(row("server.limit-view-body") == ["server.limit-view-body", "1048576", "default"])
        #expect(row("server.port") == ["server.port", "8000", "default"])
        #expect(row("settings.title") == ["settings.title", "T", "./settings.yaml:3"])
        #expect(row("settings.password")[1] == "********")
        #expect(row("settings.db")[1] == "********")
        #expect(!done.output.contains("geheim"))
        let explained = try Command.run([Self.roost, "settings", "--explain"])
        for key in ["applications[].mount", "server.port", "server.limit-view-body", "server.groups", "modules"] {
            #expect(explained.output.contains("\n\(key)  "), "\(key)")
        }
    }
}

/// Clients that repeat requests on keep-alive connections until they are stopped.
private final class SteadyLoad: @unchecked Sendable {
    private let lock = NSLock()
    private var isOver = false
    private var odd: [String: Int] = [:]
    private var count = 0
    private let threads = DispatchGroup()

    init(_ paths: [String], port: Int) {
        for path in paths + paths {
            self.threads.enter()
            Thread {
                while !self.lock.withLock({ self.isOver }) { self.visit(path, port) }
                self.threads.leave()
            }.start()
        }
    }

    var answered: Int { self.lock.withLock { self.count } }

    private func visit(_ path: String, _ port: Int) {
        do {
            let client = try RawClient(port: port)
            while !self.lock.withLock({ self.isOver }) {
                client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
                let response = try client.readResponse()
                self.lock.withLock {
                    self.count += 1
                    if response.status != 200 { self.odd["\(path) \(response.status)", default: 0] += 1 }
                }
                if response.header("connection") == "close" { return }
                usleep(1000)
            }
        } catch { self.lock.withLock { self.odd["\(path) \(error)", default: 0] += 1 } }
    }

    /// Stops the clients. Returns the unexpected results with their counts.
    func stop() -> [String: Int] {
        self.lock.withLock { self.isOver = true }
        self.threads.wait()
        return self.lock.withLock { self.odd }
    }
}
