import CASGI
import Glibc
import HTTPServer
import RoostDeployment
import RoostSystem
import TestSupport
import Testing

import class Foundation.FileManager

@testable import ModuleRuntime
@testable import Roost

/// A host embedded in another program: in Swift here, in C through libRoost.so.
@Suite("Embedding")
struct EmbeddingTests {
    private let folder: TemporaryFolder
    private let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(
            file: Repository.fixture("Places.c"), named: "places", flags: ["-DVERSION=\"1\""], in: self.folder)
    }

    private var configuration: HostConfiguration {
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.folder = self.folder.path
        configuration.runDirectory = "\(self.folder.path)/run"
        configuration.server.graceTime = 1
        return configuration
    }

    /// Sends a request from a thread of its own, because closures run on the pool that tests run on.
    private func ask(_ request: String, _ host: Host) async throws -> Response {
        guard case .tcp(_, let port, _) = host.addresses[0] else { throw HostError(code: .listen, message: "no port") }
        return try await onThread {
            let client = try RawClient(port: port)
            client.send(request)
            return try client.readResponse()
        }
    }

    private func get(_ path: String, _ host: Host) async throws -> Response {
        try await self.ask("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n", host)
    }

    @Test("a closure gets the request and returns the response; a failing closure gives 500")
    func closures() async throws {
        struct Odd: Error {}
        let host = try Host(
            applications: [
                .closure(at: "/echo") { request in
                    var response = HostResponse.text(
                        "\(request.method) \(request.rootPath) \(request.path) \(request.query) "
                            + "\(request.header("x-one") ?? "") \(String(decoding: request.body, as: UTF8.self))",
                        status: 201)
                    response.headers.append(("x-two", "2"))
                    return response
                },
                .closure(at: "/odd") { _ in throw Odd() },
                .closure(at: "/bad") { _ in HostResponse(headers: [("a b", "c")]) },
            ], configuration: self.configuration)
        try await withHost(host) { host in
            try await host.start()
            let answer = try await self.ask(
                "POST /echo/a%20b?q=1 HTTP/1.1\r\nhost: x\r\nx-one: 1\r\ncontent-length: 4\r\n\r\nbody", host)
            #expect(answer.status == 201)
            #expect(answer.text == "POST /echo /echo/a b q=1 1 body")
            #expect(answer.header("x-two") == "2")
            #expect(try await self.get("/odd", host).status == 500)
            #expect(try await self.get("/bad", host).status == 500)
            #expect(try await self.get("/none", host).status == 404)
            #expect(
                try await self.ask(
                    "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1048577\r\n\r\n"
                        + String(repeating: "x", count: 1 << 20) + "x", host
                )
                .status == 413)
            guard case .tcp(_, let port, _) = host.addresses[0] else { return }
            #expect(try RawClient(port: port).openWebSocket("/echo").status == 403)
        }
    }

    @Test("limits in an embedder's settings apply")
    func limits() async throws {
        let host = try Host(
            applications: [.closure(at: "/") { _ in .text("here") }],
            configuration: try HostConfiguration(settings: "{port: 0, limit-request-line: 30, server-header: false}"))
        try await host.start()
        let answer = try await self.get("/", host)
        #expect(answer.text == "here")
        #expect(answer.header("server") == nil)
        #expect(try await self.get("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", host).status == 414)
        try await host.stop()
    }

    @Test("applications are mounted before, during and after the start, and unmounted; a mount point is used once")
    func changes() async throws {
        let host = try Host(
            applications: [.module(self.library, at: "/one")], configuration: self.configuration)
        try await withHost(host) { host in
            try await host.mount(.closure(at: "/early") { _ in .text("early") })
            async let starting: Void = host.start()
            async let mounting: Void = host.mount(.module(self.library, at: "/two"))
            _ = try await (starting, mounting)
            #expect(try await self.get("/one/x", host).text == "/one|/one/x|/one/x|/x|none|1")
            #expect(try await self.get("/two/x", host).text == "/two|/two/x|/two/x|/x|none|1")
            #expect(try await self.get("/early", host).text == "early")
            await #expect(throws: HostError.self) { try await host.mount(.closure(at: "/two") { _ in .text("") }) }
            await #expect(throws: HostError.self) { try await host.mount(.closure(at: "two") { _ in .text("") }) }
            await #expect(throws: HostError.self) { try await host.mount(.module("./none.so", at: "/three")) }
            try self.folder.write("refusing.yaml", "title: refuse")
            let refusal = await #expect(throws: HostError.self) {
                try await host.mount(.module(self.library, at: "/three", settings: "refusing"))
            }
            #expect(refusal?.message.contains("is not wanted") == true)
            // A refused application does not occupy its mount point.
            try await host.mount(.module(self.library, at: "/three"))
            #expect(host.mounted.map(\.mountPoint) == ["/one", "/early", "/two", "/three"])
            #expect(try await host.unmount(at: "/two"))
            #expect(try await !host.unmount(at: "/two"))
            #expect(try await self.get("/two/x", host).status == 404)
        }
    }

    @Test("a stopped host refuses closures and modules")
    func stopped() async throws {
        let host = try Host(applications: [], configuration: self.configuration)
        try await withHost(host) { host in try await host.start() }
        for application in [
            HostApplication.closure(at: "/a") { _ in .text("") }, .module(self.library, at: "/b"),
        ] {
            let error = await #expect(throws: HostError.self) { try await host.mount(application) }
            #expect(error?.message == "this host has stopped")
        }
    }

    @Test("the example serves a closure and two modules in a ServiceGroup, and mounts a third module meanwhile")
    func example() throws {
        let words = ["0", self.library, self.library, self.library]
        let process = try StartedProgram(["\(Repository.products)/Embed"] + words, folder: self.folder.path)
        let url = try process.readLine()
        #expect(try process.readLine() == "the third is there: [\"/ping\", \"/first\", \"/second\", \"/third\"]")
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
        for (path, text) in [("/ping", "pong to GET\n"), ("/third/x", "/third|/third/x|/third/x|/x|none|1")] {
            let client = try RawClient(port: port)
            client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text == text)
        }
        #expect(try process.stop() == 0)
    }

    /// Compiles a module that refuses to start.
    private func refusing() throws -> String {
        try Fixture.compile(
            """
            #include <asgi.h>
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                (void)receive, (void)send;
                return scope->type == ASGI_LIFESPAN ? ASGI_FAILED : ASGI_UNSUPPORTED;
            }
            """, named: "refusing", in: self.folder)
    }

    @Test("from C: loading does not change the process; a stop and a failed start release everything")
    func givenBack() throws {
        let program = "\(self.folder.path)/acquires"
        let compiled = try Command.run([
            "gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-o", program, Repository.fixture("Acquires.c"),
            "-I",
            "\(Repository.root)/Sources/CRoost/include",
        ])
        #expect(compiled.status == 0, "\(compiled.error)")
        let done = try Command.run(
            [
                "timeout", "300", program, "\(Repository.products)/libRoost.so", self.folder.path, self.library,
                try self.refusing(),
            ],
            // Restores the default of the Swift runtime.
            environment: ["SWIFT_BACKTRACE": ""])
        #expect(done.status == 0, "\(done.error)")
        #expect(
            done.output == """
                loaded: nothing
                serving: nothing
                stopped: nothing
                serving: signal 13
                stopped: nothing
                failed: nothing
                descriptors more: 0
                threads more: none
                folders left: 0

                """)
    }

    @Test("from Swift: a stop, a failed start and an unused host release their descriptors and folders")
    func descriptors() async throws {
        // In a process of its own, because other tests open descriptors too.
        guard OwnProcess.isHere else { return try self.inOwnProcess("descriptors") }
        let (run, library, refusing) = ("\(self.folder.path)/run", self.library, try self.refusing())
        func count(_ folder: String) -> Int { FolderList.names(in: folder).count }
        func make(_ applications: [HostApplication], _ addresses: [ListenAddress]) throws -> Host {
            var configuration = HostConfiguration()
            configuration.addresses = addresses
            configuration.runDirectory = run
            return try Host(applications: applications, configuration: configuration)
        }
        let free = ListenAddress.tcp(host: "127.0.0.1", port: 0)
        let module = HostApplication.module(library, at: "/a")
        func round() async throws {
            let host = try make([module], [free])
            try await withHost(host) { host in
                try await host.start()
                // The port is in use.
                #expect(throws: HostError.self) { try make([module], [free, ListenAddress(host.addresses[0])]) }
            }
            #expect(count(run) == 0)
            _ = try make([module], [free, .unix(path: "\(run).sock")])
            #expect(count(run) == 0 && access("\(run).sock", F_OK) != 0)
            let other = try make([module, .module(refusing, at: "/b")], [free])
            await #expect(throws: HostError.self) { try await other.start() }
            #expect(count(run) == 0)
            // After a failed start a mount creates nothing.
            await #expect(throws: HostError.self) { try await host.mount(.module(library, at: "/c")) }
            #expect(count(run) == 0)
        }
        for _ in 0..<3 { try await round() }
        let before = count("/proc/self/fd")
        for _ in 0..<10 { try await round() }
        // Stopping threads close their descriptors last, after the events that this process could wait for.
        while count("/proc/self/fd") > before + 3 { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test("module names are looked up below the initial working directory, even after a chdir")
    func workingFolder() async throws {
        // In a process of its own, because all tests of a process share the working directory.
        guard OwnProcess.isHere else { return try self.inOwnProcess("workingFolder") }
        let folder = self.folder.path
        guard chdir(folder) == 0 else { throw HostError(code: .usage, message: "no \(folder)") }
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.runDirectory = "\(folder)/run"
        let host = try Host(applications: [], configuration: configuration)
        try await withHost(host) { host in
            try await host.start()
            guard chdir("/") == 0 else { throw HostError(code: .usage, message: "no root") }
            try await host.mount(.module("places", at: "/a"))
        }
    }

    private func inOwnProcess(_ test: String) throws {
        let done = try OwnProcess.run("RoostTests.EmbeddingTests/\(test)")
        #expect(done.status == 0, "\(done.output)\(done.error)")
        #expect("\(done.output)\(done.error)".contains("Test run with 1 test"), "\(done.output)\(done.error)")
    }

    @Test("an application that is still starting when another one refuses is shut down")
    func refusedBesideStarting() async throws {
        // One application refuses while the other starts; the other continues only after that.
        let source = """
            #include <asgi.h>
            #include <fcntl.h>
            #include <unistd.h>
            static const asgi_host *host;
            static asgi_send send_to;
            static void touch(const char *path) { close(open(path, O_CREAT | O_WRONLY, 0600)); }
            /* Waits until the other application opens the same FIFO for writing, or for reading. */
            static void meet(const char *path, int access) { close(open(path, access)); }
            static void came(void *context, asgi_id id, asgi_result result, const asgi_event *event)
            {
                asgi_event complete = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
                (void)context, (void)event;
                if (result == ASGI_DONE) {
                    touch(FOLDER "/ended");
                    send_to(id, &complete, NULL, NULL);
                }
                host->finish(id, ASGI_DONE);
            }
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                asgi_event event = asgi_event_of(0), complete = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
                if (scope->type != ASGI_LIFESPAN) return ASGI_UNSUPPORTED;
            #ifdef REFUSES
                meet(FOLDER "/begun", O_RDONLY);
                meet(FOLDER "/refused", O_WRONLY);
                return ASGI_FAILED;
            #endif
                host = scope->host, send_to = send;
                meet(FOLDER "/begun", O_WRONLY);
                meet(FOLDER "/refused", O_RDONLY);
                receive(scope->id, &event, NULL, NULL);
                send(scope->id, &complete, NULL, NULL);
                return receive(scope->id, &event, came, NULL);
            }
            """
        for name in ["begun", "refused"] { #expect(mkfifo("\(self.folder.path)/\(name)", 0o600) == 0) }
        let place = "-DFOLDER=\"\(self.folder.path)\""
        let starting = try Fixture.compile(source, named: "starting", flags: [place], in: self.folder)
        let refusing = try Fixture.compile(source, named: "refuses", flags: [place, "-DREFUSES"], in: self.folder)
        let host = try Host(
            applications: [.module(starting, at: "/a"), .module(refusing, at: "/b")], configuration: self.configuration)
        await #expect(throws: HostError.self) { try await host.start() }
        #expect(access("\(self.folder.path)/ended", F_OK) == 0)
    }

    @Test("from C: a host on the program's thread serves modules of the program, with the program's signal mask")
    func run() throws {
        let products = Repository.products
        let program = "\(self.folder.path)/embedrun"
        let compiled = try Command.run([
            "gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program,
            Repository.fixture("EmbedRun.c"), "-I", "\(Repository.root)/Sources/CRoost/include", "-I",
            Repository.headers, "-L", products, "-lRoost", "-Wl,-rpath,\(products)",
        ])
        #expect(compiled.status == 0, "\(compiled.error)")
        let done = try Command.run(["timeout", "60", program])
        #expect(done.status == 0, "\(done.error)")
        let served = """
            /: main thread, SIGUSR1 blocked, 0 others blocked, SIGPIPE handled, child default
            /job: other thread, SIGUSR1 blocked, 0 others blocked
            status: "applications":[{"name":"own","version":"3","module":"builtin:own","mount":"/"}]}
            /quit: main thread, SIGUSR1 blocked, 0 others blocked, SIGPIPE handled, child default
            run: 0\u{20}
            """
        #expect(
            done.output == """
                provide: 0\u{20}
                twice: -1 the module own was provided before
                name: -1 'builtin:o-n': the name of a module must follow 'builtin:'
                nothing: -1 roost_provide needs a name and an application
                foreign: 0\u{20}
                run: -1 this program provides no module 'onw'; did you mean builtin:own?
                run: -1 builtin:foreign: is built for draft 99 of the ABI, but this host has draft \(ASGI_DRAFT); build it with \
                this host's asgi.h
                run: -1 settings:1: unknown key 'prot' (did you mean 'port'?)
                first: main thread, SIGUSR1 blocked, 0 others blocked
                \(served)
                second: main thread, SIGUSR1 blocked, 0 others blocked
                \(served)
                starts 2, calls 6, SIGPIPE default, main thread, SIGUSR1 blocked, 0 others blocked

                """)
    }

    @Test("from C: start, mount, request, unmount and stop; every error has a reason")
    func c() throws {
        let products = Repository.products
        let program = "\(self.folder.path)/embed"
        let compiled = try Command.run([
            "gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-o", program, Repository.fixture("Embed.c"), "-I",
            "\(Repository.root)/Sources/CRoost/include", "-L", products, "-lRoost", "-Wl,-rpath,\(products)",
        ])
        #expect(compiled.status == 0, "\(compiled.error)")
        let done = try Command.run(["timeout", "60", program, "\(self.folder.path)/run", self.library, self.library])
        #expect(done.status == 0, "\(done.error)")
        // A thread writes the access log; `roost_stop` waits for it.
        let lines = done.output.split(separator: "\n")
        #expect(lines.filter { $0.contains(" GET /none 404 ") }.count == 1, "\(done.output)")
        #expect(
            lines.filter { !$0.contains(" GET /none 404 ") }.joined(separator: "\n") == """
                refused: settings:1: unknown key 'prot' (did you mean 'port'?)
                refused: settings:2: 'workers' is an option of the command roost only: an embedded host has no worker processes
                refused: settings:1: 'timeout-write' 0 is not between 1 and 86400
                refused: ./none.so: not found in \(FileManager.default.currentDirectoryPath)
                /one/x: /one|/one/x|/one/x|/x|none|1
                /two/x: Not Found: nothing is mounted here
                /two/x: /two|/two/x|/two/x|/x|none|1
                refused: /two is already mounted (as /two)
                status: "applications":[{"name":"places","version":"","module":"\(self.library)","mount":"/one"},\
                {"name":"second","version":"","module":"\(self.library)","mount":"/two"}]}
                /one/x: Not Found: nothing is mounted here
                refused: nothing is mounted at /one
                refused: nothing is mounted at /three
                refused: nothing is mounted at /three
                refused: nothing is mounted at {a.example.org, *.example.net}/three
                /none: Not Found: nothing is mounted here
                """)
        // The header is valid C++ too.
        let header = try self.folder.write(
            "header.cpp", "#include <roost.h>\nint main() { return roost_error() ? 0 : 1; }\n")
        let cpp = try Command.run([
            "g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-I",
            "\(Repository.root)/Sources/CRoost/include", header,
        ])
        #expect(cpp.status == 0, "\(cpp.error)")
    }
}
