import Foundation
import TestSupport
import Testing

/// The command: its output, what it serves, and its exit.
@Suite("The command roost")
struct CommandTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private var hello: String { "\(Repository.products)/libHello.so" }

    private func roost(_ arguments: String..., environment: [String: String] = [:]) throws -> Command {
        try Command.run([Repository.roost] + arguments, environment: environment, folder: self.folder.path)
    }

    @Test("roost without arguments shows how to start a module")
    func alone() throws {
        let shown = try self.roost()
        #expect(shown.status == 0)
        #expect(shown.output.contains("roost ./libhello.so"))
        #expect(!shown.output.contains("\u{1b}"))
    }

    @Test("roost version and --version print the newest release")
    func version() throws {
        let version = try Repository.newestRelease()
        #expect(try self.roost("version").output == "roost \(version) (ABI 0, draft 4)\n")
        #expect(try self.roost("--version").output == "roost \(version)\n")
    }

    @Test(
        "an invalid command line gives one line and status 2",
        arguments: [
            (["./none.so"], "./none.so: not found"), (["none"], "module 'none' not found: looked for "),
            (["chek"], "did you mean 'roost check'?"),
            (["serve", "x", "--prot", "1"], "Did you mean '--port'?"),
            (["x", "--port", "99999"], "--port 99999 is not between 0 and 65535"),
            (["x", "--port", "abc"], "The value 'abc' is invalid for '--port"),
            (["x", "--threads", "0"], "--threads 0 is not between"),
            (["x", "--log-level", "loud"], "is invalid for '--log-level"),
            (["x", "--root-path", "api"], "--root-path 'api' must begin with a /"),
            (["HELLO", "--settings", "no.such"], "settings module 'no.such' not found: looked for "),
            (["HELLO", "--settings", "../x"], "is not a settings module"),
            (["HELLO", "--trust-owner", "nobody-of-that-name"], "is not a user of this machine"),
            (["HELLO:other"], "does not define the function 'other'"),
            (["check"], "Missing expected argument '<module>'"), (["a..b"], "'a..b' is not a module"),
            (["/etc/passwd"], "/etc/passwd: is not an ELF file"),
            (["HELLO", "--timeout-keep-alive", "0"], "--timeout-keep-alive 0 is not between"),
        ]
    )
    func refused(arguments: [String], message: String) throws {
        let hello = self.hello
        let reported = try Command.run(
            [Repository.roost] + arguments.map { $0.replacingOccurrences(of: "HELLO", with: hello) },
            folder: self.folder.path
        )
        #expect(reported.status == 2, "\(reported.error)")
        #expect(reported.error.hasPrefix("roost: "))
        #expect(reported.error.contains(message), "\(reported.error)")
        #expect(reported.error.split(separator: "\n").count == 1)
        #expect(reported.output.isEmpty)
    }

    @Test("a port in use, an unknown host or an invalid run directory gives one line and status 1")
    func failed() throws {
        let first = try RoostProcess([self.hello, "--port", "0"])
        let second = try self.roost(self.hello, "--port", "\(first.port)")
        #expect(second.status == 1)
        #expect(second.error.contains("cannot listen on 127.0.0.1:\(first.port): another server is listening there"))
        #expect(second.error.contains("choose another port (0 selects a free one)"))
        #expect(first.stop() == 0)
        let host = try self.roost(self.hello, "--host", "no.such.host.invalid", "--port", "0")
        #expect(host.status == 1)
        #expect(host.error.contains("no.such.host.invalid:0: host not found"))
        let run = try self.roost(self.hello, "--run-dir", "/proc/none")
        #expect(run.status == 1)
        #expect(run.error.contains("run directory: /proc/none cannot be created"))
    }

    @Test("roost check describes a module")
    func check() throws {
        let bench = try self.roost("check", "\(Repository.products)/libBench.so")
        #expect(bench.status == 0)
        for line in [
            "name       bench\n", "version    1.0\n", "abi        0, draft 4\n", "flags      none\n",
            "ok         the module can be served by this host\n",
        ] {
            #expect(bench.output.contains(line), "\(line)")
        }
        let wrong = try Fixture.compile(
            "int application(void) { return f(); } int f(void);".replacingOccurrences(
                of: "int application", with: "int f(void); int application"), in: self.folder)
        let reported = try self.roost("check", wrong)
        #expect(reported.status == 1)
        #expect(reported.output.contains("wrong      cannot be loaded"))
        #expect(reported.output.contains("undefined symbol: f"))
    }

    @Test(
        "roost serves, logs its address and a line per request, and stops on a signal", arguments: [SIGTERM, SIGINT])
    func serves(signal: Int32) throws {
        let server = try RoostProcess([self.hello, "--port", "0"])
        let client = try RawClient(port: server.port)
        client.send("GET /a%20b?c=d HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(try client.readResponse().text == "Hello, World!")
        #expect(server.stop(signal) == 0)
        #expect(server.error.contains("application=Hello"))
        let words = server.outputText.split(separator: "\n").first?.split(separator: " ").map(String.init) ?? []
        try #require(words.count == 7)
        #expect(words[0].hasPrefix("127.0.0.1:"))
        #expect(words[1...4] == ["GET", "/a%20b?c=d", "200", "13"])
        #expect(words[5].hasSuffix("ms"))
        #expect(UInt64(words[6], radix: 16) != nil)
    }

    @Test(
        "--log-format json writes every line of the log and of the access log as one object",
        arguments: [["--workers", "1"], ["--no-supervisor"]])
    func json(mode: [String]) throws {
        func objects(_ text: String) throws -> [[String: Any]] {
            try text.split(separator: "\n").map {
                let value = try JSONSerialization.jsonObject(with: Data($0.utf8))
                return try #require(value as? [String: Any], "\($0)")
            }
        }
        let server = try RoostProcess([self.hello, "--port", "0", "--log-format", "json"] + mode)
        let port = server.port
        let client = try RawClient(port: port)
        client.send("GET /a%20b?c=d HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(try client.readResponse().text == "Hello, World!")
        kill(server.identifier, SIGUSR1)
        try server.waitFor(#""message":"no log files to reopen""#)
        #expect(server.stop() == 0)

        let events = try objects(server.error)
        for event in events {
            for key in ["time", "level", "message"] { #expect((event[key] as? String)?.isEmpty == false, "\(event)") }
        }
        let serving = try #require(events.first { $0["message"] as? String == "serving" })
        #expect(serving["level"] as? String == "info")
        #expect(serving["url"] as? String == "http://127.0.0.1:\(port)")
        #expect(serving["application"] as? String == "Hello")
        #expect(events.last?["message"] as? String == "stopping")

        let requests = try objects(server.outputText)
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect((request["time"] as? String)?.hasSuffix("Z") == true)
        #expect((request["client"] as? String)?.hasPrefix("127.0.0.1:") == true)
        for (key, value) in ["method": "GET", "path": "/a%20b", "query": "c=d"] {
            #expect(request[key] as? String == value, "\(request)")
        }
        #expect(request["status"] as? Int == 200 && request["bytes"] as? Int == 13)
        #expect(request["cut"] as? Bool == false && request["milliseconds"] is Double)
        #expect((request["scope"] as? String).flatMap { UInt64($0, radix: 16) } != nil)
    }

    @Test("a second signal stops the server at once")
    func twice() throws {
        let library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        let server = try RoostProcess([library, "--port", "0"])
        let client = try RawClient(port: server.port)
        client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhello")
        while !client.text.contains("hello") { _ = try client.readMore() }
        kill(server.identifier, SIGTERM)
        try server.waitFor("stopping")
        #expect(server.stop(SIGTERM) == 130)
    }

    @Test("options set the access log, the Server field, the root path and a Unix socket")
    func options() throws {
        let library = try Fixture.compile(
            """
            #include <asgi.h>
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            { (void)receive; if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
              if (asgi_equal(asgi_path(scope), "/root")) return asgi_respond(scope, send, 200, "t/p", scope->root_path);
              if (asgi_equal(asgi_path(scope), "/raw")) return asgi_respond(scope, send, 200, "t/p", scope->raw_path);
              if (asgi_equal(asgi_path(scope), "/server")) return asgi_respond(scope, send, 200, "t/p", scope->server_host);
              return asgi_respond(scope, send, 200, "t/p", scope->path); }
            """, in: self.folder
        )
        let path = "\(self.folder.path)/s.sock"
        let server = try RoostProcess([
            library, "--uds", path, "--no-access-log", "--no-server-header", "--root-path", "/api",
        ])
        func get(_ target: String) throws -> Response {
            let client = try RawClient(path: path)
            client.send("GET \(target) HTTP/1.1\r\nhost: x\r\n\r\n")
            return try client.readResponse()
        }
        #expect(try get("/a%20b").text == "/api/a b")
        #expect(try get("/%72aw").text == "/%72aw")
        #expect(try get("/root").text == "/api")
        #expect(try get("/server").text == path)
        #expect(try get("/").header("server") == nil)
        #expect(server.stop() == 0)
        #expect(server.outputText.isEmpty)
        #expect(server.error.contains("url=unix:\(path)"))
    }

    @Test("the settings module comes from the option, the environment or the module, and is set by setdefault")
    func settings() throws {
        let library = try Fixture.compile(
            """
            #include <asgi.h>
            #include <stdlib.h>
            static const char *early;
            __attribute__((constructor)) static void load(void) { early = getenv("ROOST_SETTINGS_MODULE"); }
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            { (void)receive; if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
              return asgi_respond(scope, send, 200, early ? early : "none", asgi_setting(scope, "title", "built in")); }
            const asgi_module *asgi_module_info(void)
            { static const asgi_module m = {sizeof m, ASGI_ABI, ASGI_DRAFT, 0, ASGI_STRING("wiki"), ASGI_STRING("1"),
                                            ASGI_STRING("wiki.settings"), NULL}; return &m; }
            """, in: self.folder
        )
        func reported(
            _ arguments: [String] = [], _ environment: [String: String] = [:]
        ) throws -> (title: String, variable: String?, log: String) {
            let server = try RoostProcess(
                [library, "--port", "0", "--app-dir", self.folder.path] + arguments, environment: environment
            )
            let client = try RawClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(server.stop() == 0)
            return (response.text, response.header("content-type"), server.error)
        }
        let builtIn = try reported()
        #expect(builtIn.title == "built in")
        #expect(builtIn.variable == "wiki.settings")
        #expect(builtIn.log.contains("default settings module not found application=wiki settings=wiki.settings\n"))
        try self.folder.write("wiki/settings.yaml", "title: default\n")
        try self.folder.write("wiki/production.json", #"{"title": "production"}"#)
        try self.folder.write("wiki/other.yaml", "title: other\n")
        #expect(try reported().title == "default")
        let named = try reported([], ["ROOST_SETTINGS_MODULE": "wiki.production"])
        #expect(named.title == "production")
        #expect(named.variable == "wiki.production")
        let both = try reported(["--settings", "wiki.other"], ["ROOST_SETTINGS_MODULE": "wiki.production"])
        #expect(both.title == "other")
        #expect(both.variable == "wiki.other")
        try self.folder.write("wiki/broken.yaml", "a: 1\nb: [\n")
        let broken = try self.roost(library, "--app-dir", self.folder.path, "--settings", "wiki.broken")
        #expect(broken.status == 2)
        #expect(broken.error.hasPrefix("roost: \(self.folder.path)/wiki/broken.yaml:3: "))
    }

    @Test("a module that refuses to start, or crashes while it is loaded, ends the start with the reason")
    func refusals() throws {
        let library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        try self.folder.write("settings.yaml", "lifespan: failed\n")
        let refused = try self.roost(library, "--port", "0", "--app-dir", self.folder.path)
        #expect(refused.status == 1)
        #expect(refused.error.contains("calls refused to start: the database is not there"))
        let crash = try Fixture.compile(
            "__attribute__((constructor)) static void f(void) { *(volatile int *)8 = 1; } int application(void) { return 0; }",
            named: "crash", in: self.folder
        )
        let crashed = try self.roost(crash, "--port", "0")
        #expect(crashed.status == 2)
        #expect(crashed.error == "roost: \(crash): crashed with SIGSEGV while loading\n")
    }

    @Test("a start leaves nothing in the run directory")
    func leavesNothing() throws {
        let run = "\(self.folder.path)/run"
        let server = try RoostProcess([self.hello, "--port", "0", "--run-dir", run])
        #expect(try FileManager.default.contentsOfDirectory(atPath: run).count == 1)
        #expect(server.stop() == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: run).isEmpty)
        _ = try self.roost(self.hello, "--port", "0", "--run-dir", run, "--settings", "no.such")
        #expect(try FileManager.default.contentsOfDirectory(atPath: run).isEmpty)
    }

    @Test("standard output that nobody reads blocks nothing")
    func unread() throws {
        let pipe = Pipe()
        let path = "\(self.folder.path)/s.sock"
        let process = try StartedProcess(
            [Repository.roost, self.hello, "--uds", path], output: pipe.fileHandleForWriting)
        // The socket file exists a moment before the server accepts connections.
        var connected: RawClient?
        while connected == nil { connected = try? RawClient(path: path) }
        // Far more lines than a pipe holds, from a client that waits for each response.
        let client = try #require(connected)
        for _ in 0..<5_000 {
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 200)
        }
        kill(process.identifier, SIGTERM)
        #expect(process.waitUntilExit() == 0)
    }
}
