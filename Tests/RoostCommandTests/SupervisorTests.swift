import Foundation
import TestSupport
import Testing

/// The supervisor and its workers, with the release build: two workers accept on one socket while one replaces the
/// other, which NIO's debug build does not support. `make test-workers` does the same under load, and much more.
@Suite("Workers")
struct SupervisorTests {
    let folder: TemporaryFolder
    private static let roost = "\(Repository.root)/.build/release/roost"

    init() throws { self.folder = try TemporaryFolder() }

    private static let module = """
        #include <asgi.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>
        #ifndef NAME
        #define NAME "first"
        #endif
        __attribute__((noinline)) void crash_here(void) { *(volatile int *)8 = 1; }
        __attribute__((noinline)) void spin(void) { for (volatile int at = 0;; at++) {} }
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
        #ifdef STARTUP
            if (scope->type == ASGI_LIFESPAN) { fprintf(stderr, "about to fail\\n"); STARTUP; }
        #endif
            (void)receive;
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            if (asgi_equal(asgi_path(scope), "/crash")) crash_here();
            if (asgi_equal(asgi_path(scope), "/exit")) exit(7);
            if (asgi_equal(asgi_path(scope), "/spin")) spin();
            if (asgi_equal(asgi_path(scope), "/talk") && write(3, "nonsense\\n", 9) != 9) return ASGI_FAILED;
            if (asgi_equal(asgi_path(scope), "/pid")) {
                char text[16];
                snprintf(text, sizeof text, "%d", (int)getpid());
                return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
            }
            return asgi_respond(scope, send, 200, "text/plain", asgi_text(NAME));
        }
        """

    /// Compiles the module and replaces its previous file.
    @discardableResult
    private func build(_ flags: String...) throws -> String {
        let other = try Fixture.compile(Self.module, named: "site-new", flags: ["-O1"] + flags, in: self.folder)
        let path = "\(self.folder.path)/libsite.so"
        #expect(rename(other, path) == 0)
        return path
    }

    private func serve(_ options: String...) throws -> RoostProcess {
        try RoostProcess(
            ["\(self.folder.path)/libsite.so", "--port", "0", "--run-dir", "\(self.folder.path)/run"] + options,
            command: Self.roost)
    }

    private func roost(_ arguments: String...) throws -> Command {
        try Command.run([Self.roost] + arguments + ["--run-dir", "\(self.folder.path)/run"])
    }

    private func get(_ path: String, _ server: RoostProcess) throws -> Response {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try client.readResponse()
    }

    private func isLost(_ path: String, _ server: RoostProcess) throws -> Bool {
        let client = try RawClient(port: server.port)
        client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try !client.readMore()
    }

    @Test("a crash costs its request, is logged with all that is known, and another worker serves")
    func crash() throws {
        try self.build()
        let server = try self.serve("--no-access-log")
        let first = try self.get("/pid", server).text
        #expect(try self.isLost("/crash?x=y", server))
        try server.waitFor("stack=")
        let line = try #require(server.error.split(separator: "\n").last { $0.contains("crashed") })
        for word in [
            "error    worker crashed ", " function=\"libsite.so crash_here+0x", " address=0x8 ", " application=site ",
            " generation=", " method=GET ", " path=/crash ", " pid=\(first) ", " signal=SIGSEGV ",
            " < libsite.so application+0x",
        ] { #expect(line.contains(word), "\(word): \(line)") }
        let second = try self.get("/pid", server).text
        #expect(second != first)
        #expect(try self.isLost("/exit", server))
        try server.waitFor("worker crashed application=site exit=7 function=\"libsite.so application+0x")
        #expect(try self.get("/", server).text == "first")
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a module that writes into the channel of its worker costs the worker and nothing else")
    func nonsense() throws {
        try self.build()
        let server = try self.serve()
        let first = try self.get("/pid", server).text
        // With or without a response: the supervisor may be faster.
        _ = try? self.get("/talk", server)
        try server.waitFor("worker sent an invalid message pid=\(first) reason=")
        // The worker takes a moment to exit.
        while (try? self.get("/pid", server).text) ?? first == first {}
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a stalled loop is logged with its stack, and its worker is replaced")
    func stall() throws {
        try self.build()
        let server = try self.serve("--timeout-worker", "1")
        #expect(try self.isLost("/spin", server))
        try server.waitFor("killing worker ")
        #expect(server.error.contains("reason=\"event loop stalled\"\n"))
        #expect(server.error.contains("event loop stalled application=site function=\"libsite.so spin+0x"))
        #expect(server.error.contains("path=/spin"))
        #expect(try self.get("/", server).text == "first")
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("an application that crashes too often gives 503 until its file changes, or its previous version serves")
    func quarantine() throws {
        try self.build()
        let server = try self.serve("--health")
        for _ in 0..<3 { #expect(try self.isLost("/crash", server)) }
        try server.waitFor("reason=\"crashed 3 workers within 60 seconds\" serving=503\n")
        #expect(server.error.contains("critical application quarantined application=site generation="))
        #expect(try self.get("/", server).status == 503)
        #expect(try self.get("/readyz", server).status == 503)
        #expect(try self.get("/healthz", server).status == 200)
        #expect(try self.roost("status", "--json").output.contains(#""state":"quarantined""#))
        try self.build("-DNAME=\"second\"")
        #expect(try self.roost("reload").output.hasPrefix("site: mounted at /"))
        #expect(try self.get("/", server).text == "second")
        let status = try self.roost("status", "--json").output
        let second = try #require(status.components(separatedBy: #""generation":""#).last?.prefix(16))
        // The new version crashes as often, but there is a previous version.
        try self.build("-DNAME=\"third\"")
        #expect(try self.roost("reload").status == 0)
        for _ in 0..<3 { #expect(try self.isLost("/crash", server)) }
        try server.waitFor("reason=\"crashed 3 workers within 60 seconds\" serving=\(second)\n")
        while try self.get("/", server).text != "second" {}
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a failed start gives the reason: status 1 if refused, 3 if crashed, with the last lines of the worker")
    func bootFailure() throws {
        func start() throws -> Command {
            try Command.run([
                Self.roost, "\(self.folder.path)/libsite.so", "--port", "0", "--run-dir", "\(self.folder.path)/run",
            ])
        }
        try self.build("-DSTARTUP=crash_here()")
        let died = try start()
        #expect(died.status == 3)
        let crash = try #require(died.error.split(separator: "\n").first { $0.contains("error    worker crashed ") })
        #expect(crash.contains(" function=\"libsite.so crash_here+0x"))
        #expect(crash.contains(" signal=SIGSEGV "))
        #expect(died.error.contains("critical worker failed to start output=\"about to fail\" pid="))
        #expect(died.error.contains(" reason=\"crashed with SIGSEGV in libsite.so crash_here+0x"))
        try self.build("-DSTARTUP=return ASGI_FAILED")
        let refused = try start()
        #expect(refused.status == 1)
        #expect(refused.error.contains("about to fail\n"))
        #expect(refused.error.contains("site refused to start: application failed with ASGI_FAILED before startup"))
    }

    @Test("a refused reload keeps the previous version and gives the reason")
    func refusedReload() throws {
        try self.build()
        let server = try self.serve()
        for (flag, why) in [
            ("-DSTARTUP=crash_here()", "crashed with SIGSEGV in libsite.so crash_here+0x"),
            ("-DSTARTUP=return ASGI_FAILED", "refused to start"),
            ("-Dapplication=other", "does not define the function"),
        ] {
            try self.build(flag)
            let refused = try self.roost("reload")
            #expect(refused.status == 1)
            #expect(
                refused.error.contains("reload failed, the previous version is still serving: "), "\(refused.error)")
            #expect(refused.error.contains(why), "\(refused.error)")
            try server.waitFor("reload failed, previous version still serving application=site ")
            #expect(try self.get("/", server).text == "first")
            #expect(try self.roost("status").output.contains(why))
        }
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("status, reload and stop reach the running server")
    func commands() throws {
        try self.build()
        let server = try RoostProcess(
            ["\(self.folder.path)/libsite.so", "--port", "0", "--run-dir", "\(self.folder.path)/run"] + [
                "--workers", "4",
            ],
            command: Self.roost)
        func run(_ command: String) throws -> Command {
            try Command.run(
                [Self.roost] + command.split(separator: " ").dropFirst().map(String.init) + [
                    "--run-dir", "\(self.folder.path)/run", "--port", "\(server.port)",
                ])
        }
        _ = try self.get("/", server)
        let status = try run("roost status")
        #expect(status.status == 0)
        #expect(status.output.contains("http://127.0.0.1:\(server.port)"))
        #expect(status.output.components(separatedBy: " ready ").count == 5)
        #expect(status.output.contains("1 requests by these workers, 0 crashes"))
        try self.build("-DNAME=\"second\"")
        #expect(try run("roost reload").output.contains(", in place, "))
        #expect(try self.get("/", server).text == "second")
        #expect(try run("roost stop").output == "stopped\n")
        #expect(server.waitForEnd() == 0)
        let gone = try run("roost status")
        #expect(gone.status == 1)
        #expect(gone.error.contains("no supervised roost of this user is running"))
    }

    @Test("a command must name the port if two servers run")
    func two() throws {
        try self.build()
        let (one, other) = (try self.serve(), try self.serve())
        let unclear = try self.roost("status")
        #expect(unclear.status == 2)
        #expect(unclear.error.contains("more than one roost is running; choose one with --port"))
        #expect(try self.roost("stop", "--port", "\(one.port)").status == 0)
        #expect(one.waitForEnd() == 0)
        #expect(try self.roost("status").output.contains(":\(other.port)\n"))
        #expect(other.stop() == 0)
    }

    @Test("the control socket is accessible to its user only, and refuses invalid messages")
    func control() throws {
        try self.build()
        let server = try self.serve()
        let boot = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "\(self.folder.path)/run").first)
        let path = "\(self.folder.path)/run/\(boot)/control"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        for (bytes, reason) in [
            ([1, 0, 0, 0, 1, 99], "unknown command"), ([0, 0, 0, 0, 1], "a message is truncated"),
            ([1, 0, 0, 0, 77, 0], "from another version of roost"),
            (Array("{\"message\":\"status\"}\n".utf8), "from another version of roost"),
            ([0xff, 0xff, 0xff, 0x7f, 1], "bytes, above the limit of 4096"),
            ([2, 0, 0, 0, 1, 0, 0], "unexpected bytes after the end"),
        ] as [([UInt8], String)] {
            let client = try RawClient(path: path)
            client.send(bytes)
            #expect(try client.readToEnd().contains(reason), "\(bytes)")
        }
        // One client that sends too much, and 31 clients that send nothing.
        let loud = try RawClient(path: path)
        loud.send([UInt8](repeating: 0x78, count: 1 << 20))
        let silent = try (0..<31).map { _ in try RawClient(path: path) }
        loud.close()
        #expect(try self.roost("status").status == 0)
        for client in silent { client.close() }
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("WEB_CONCURRENCY sets the number of workers; invalid options are refused")
    func options() throws {
        try self.build()
        let server = try RoostProcess(
            ["\(self.folder.path)/libsite.so", "--port", "0", "--run-dir", "\(self.folder.path)/run"],
            command: Self.roost, environment: ["WEB_CONCURRENCY": "3"])
        #expect(server.error.contains(" workers=3"))
        #expect(server.stop() == 0, "\(server.error)")
        for (options, message) in [
            (["--workers", "0"], "--workers 0 is not between"),
            (["--bind", "nowhere:x"], "'x' is not a port from 0 to 65535"),
            (["--bind", "::1"], "write an IPv6 address in brackets"), (["--user", "nobody-at-all"], "is not a user"),
            (["--no-supervisor", "--workers", "2"], "--workers needs the supervisor"),
            (["--limit-max-rss", "1"], "--limit-max-rss 1 is not between"),
            (["--limit-view-body", "0"], "--limit-view-body 0 is not between"),
            (["--limit-view-body", "1M"], "The value '1M' is invalid for '--limit-view-body"),
            (["--limit-form-fields", "0"], "--limit-form-fields 0 is not between"),
            (["--limit-form-fields=-1"], "--limit-form-fields -1 is not between"),
            (["--limit-json-values", "0"], "--limit-json-values 0 is not between"),
        ] {
            let refused = try Command.run([Self.roost, "\(self.folder.path)/libsite.so"] + options)
            #expect(refused.status == 2)
            #expect(refused.error.contains(message), "\(refused.error)")
        }
        let wrong = try Command.run(
            [Self.roost, "\(self.folder.path)/libsite.so"], environment: ["WEB_CONCURRENCY": "many"])
        #expect(wrong.error.contains("WEB_CONCURRENCY 'many' is not a number"))
    }

    private static let views = """
        #include <asgi_urls.h>
        static asgi_result form(asgi_request *request) { return asgi_reply(request, 200, "text/plain", request->body); }
        static asgi_result query(asgi_request *request, const asgi_string *text)
        {
            return asgi_reply(request, 200, "text/plain", *text);
        }
        static const asgi_url urls[] = {
            ASGI_URL("form form", form, "form"), ASGI_URL("json json", form, "json"),
            ASGI_URL("query?<str:a>", query, "query", ASGI_STRING),
        };
        ASGI_APPLICATION(urls, "views", "1")
        """

    @Test("the limits of views apply in the workers, and a group's own limits in its workers")
    func viewLimits() throws {
        _ = try Fixture.compile(Self.views, named: "views", in: self.folder)
        try self.folder.write(
            "settings.yaml",
            """
            server: {limit-view-body: 7, groups: {own: {limit-view-body: 10, limit-form-fields: 4, limit-json-values: 3}}}
            applications:
              - {module: ./libviews.so, name: views, mount: /}
              - {module: ./libviews.so, name: own, mount: /own, worker: own}
            """)
        let server = try RoostProcess(
            ["--port", "0", "--run-dir", "\(self.folder.path)/run", "--limit-view-body", "200"], command: Self.roost,
            environment: ["ROOST_LIMIT_FORM_FIELDS": "2"], folder: self.folder.path)
        let port = server.port
        func post(_ path: String, _ body: String, type: String = "application/x-www-form-urlencoded") throws -> Int {
            let client = try RawClient(port: port)
            client.send(
                "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-type: \(type)\r\n"
                    + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
            return try client.readResponse().status
        }
        func postChunk(_ path: String, _ body: String) throws -> Int {
            let client = try RawClient(port: port)
            client.send(
                "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
                    + "transfer-encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
            return try client.readResponse().status
        }
        func parts(_ count: Int) -> String {
            let part = "--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
            return String(repeating: part, count: count) + "--b--\r\n"
        }
        func field(_ size: Int) -> String { "a=" + String(repeating: "x", count: size - 2) }
        let multipart = "multipart/form-data; boundary=b"

        for (path, most) in [("/form", 200), ("/own/form", 10)] {
            #expect(try post(path, field(most)) == 200)
            #expect(try post(path, field(most + 1)) == 413)
            #expect(try postChunk(path, field(most)) == 200)
            #expect(try postChunk(path, field(most + 1)) == 413)
        }
        #expect(try post("/form", "a=1&b=2") == 200)
        #expect(try post("/form", "a=1&b=2&c=3") == 400)
        #expect(try post("/form", parts(2), type: multipart) == 200)
        #expect(try post("/form", parts(3), type: multipart) == 400)
        #expect(try self.get("/query?a=1&b=2", server).status == 200)
        #expect(try self.get("/query?a=1&b=2&c=3", server).status == 400)
        #expect(try post("/own/form", "a&b&c&d") == 200)
        #expect(try post("/own/form", "a&b&c&d&e") == 400)
        for (path, status) in [("/json", 200), ("/own/json", 400)] {
            #expect(try post(path, "[0,0]", type: "application/json") == 200)
            #expect(try post(path, "[0,0,0]", type: "application/json") == status)
        }
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a worker does not inherit descriptors that were open when the server was started")
    func descriptors() throws {
        try self.build()
        let server = try RoostProcess(
            [
                "-c", "exec 77</etc/passwd; exec \"$0\" \"$@\"", Self.roost, "\(self.folder.path)/libsite.so", "--port",
                "0",
                "--run-dir", "\(self.folder.path)/run",
            ], command: "/bin/bash")
        let worker = try self.get("/pid", server).text
        #expect(access("/proc/\(server.identifier)/fd/77", F_OK) == 0)
        #expect(access("/proc/\(worker)/fd", F_OK) == 0)
        #expect(access("/proc/\(worker)/fd/77", F_OK) != 0)
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("roost worker is refused on the command line")
    func worker() throws {
        let reported = try Command.run([Self.roost, "worker", "./x.so"])
        #expect(reported.status == 2)
        #expect(reported.error.contains("roost worker is started by the supervisor only"))
    }
}
