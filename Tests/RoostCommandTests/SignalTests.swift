import Foundation
import TestSupport
import Testing

/// Signals to a running server, and its exit.
@Suite("Signals and exit")
struct SignalTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private static let source = """
        #include <asgi.h>
        #include <stdio.h>
        #include <unistd.h>
        __attribute__((destructor)) static void gone(void) { FILE *file = fopen("destructed", "w"); if (file) fclose(file); }
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
            char text[16];
            (void)receive;
            snprintf(text, sizeof text, "%d", (int)getpid());
            return scope->type == ASGI_HTTP ? asgi_respond(scope, send, 200, "text/plain", asgi_text(text)) : ASGI_UNSUPPORTED;
        }
        """

    private func serve(_ options: String...) throws -> RoostProcess {
        let library = try Fixture.compile(Self.source, named: "site", in: self.folder)
        return try RoostProcess(
            [library, "--run-dir", "\(self.folder.path)/run", "--no-access-log"] + options, folder: self.folder.path)
    }

    private func pid(_ server: RoostProcess) throws -> Int32 {
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        return try #require(Int32(try client.readResponse().text))
    }

    private static let ignored = [
        (SIGUSR2, "SIGUSR2"), (SIGALRM, "SIGALRM"), (SIGPOLL, "SIGIO"), (SIGPROF, "SIGPROF"), (SIGPWR, "SIGPWR"),
        (40, "\"signal 40\""),
    ]

    @Test("signals without a meaning are logged and ignored; USR1 reopens logs; QUIT stops", arguments: [true, false])
    func host(isSupervised: Bool) throws {
        let server = try isSupervised ? self.serve("--port", "0") : self.serve("--port", "0", "--no-supervisor")
        let before = try self.pid(server)
        for (number, name) in Self.ignored {
            kill(server.identifier, number)
            try server.waitFor("signal=\(name)")
        }
        kill(server.identifier, SIGUSR1)
        try server.waitFor("no log files to reopen")
        if !isSupervised {
            for number in [SIGTTIN, SIGTTOU] { kill(server.identifier, number) }
            for name in ["SIGTTIN", "SIGTTOU"] { try server.waitFor("signal=\(name)") }
            #expect(server.error.contains("it needs the supervisor"))
        }
        #expect(try self.pid(server) == before)
        #expect(server.stop(SIGQUIT) == 0, "\(server.error)")
        #expect(server.error.contains("stopping"))
        #expect(!server.error.contains("Program crashed"))
    }

    @Test("signals to a worker do not end it, except those that drain it")
    func worker() throws {
        let server = try self.serve("--port", "0")
        let worker = try self.pid(server)
        for (number, name) in Self.ignored + [(SIGUSR1, "SIGUSR1")] {
            kill(worker, number)
            try server.waitFor("signal=\(name)")
        }
        for number in [SIGINT, SIGHUP] { kill(worker, number) }
        #expect(try self.pid(server) == worker)
        kill(worker, SIGQUIT)
        while (try? self.pid(server)) ?? worker == worker {}
        #expect(!server.error.contains("crashed"))
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a worker that another process kills is logged with its signal and replaced")
    func killed() throws {
        let server = try self.serve("--port", "0")
        let worker = try self.pid(server)
        kill(worker, SIGKILL)
        try server.waitFor("signal=SIGKILL")
        #expect(server.error.contains("worker exited"), "\(server.error)")
        while (try? self.pid(server)) ?? worker == worker {}
        #expect(server.stop() == 0, "\(server.error)")
    }

    @Test("a process that a module starts inherits no ignored or blocked signal from the worker")
    func children() throws {
        let source = """
            #include <asgi.h>
            #include <stdio.h>
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                char text[200] = "";
                FILE *pipe;
                (void)receive;
                if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
                pipe = popen("grep -E 'Sig(Ign|Blk)' /proc/self/status | cut -f 2 | tr '\\n' ' '", "r");
                if (pipe && !fgets(text, sizeof text, pipe)) text[0] = 0;
                if (pipe) pclose(pipe);
                return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
            }
            """
        let library = try Fixture.compile(source, named: "starts", in: self.folder)
        for options in [[], ["--no-supervisor"]] {
            let server = try RoostProcess(
                [library, "--run-dir", "\(self.folder.path)/run", "--port", "0"] + options, folder: self.folder.path)
            func masks() throws -> [UInt64] {
                let client = try RawClient(port: server.port)
                client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                let words = try client.readResponse().text.split(separator: " ")
                // Only signals 1 to 31: the popen of the system itself ignores two others.
                return try words.map { try #require(UInt64($0, radix: 16)) & 0x7fff_ffff }
            }
            // The first request may arrive before the process has finished its start.
            var attempts = 0
            while try masks() != [0, 0], attempts < 100 { attempts += 1 }
            #expect(try masks() == [0, 0], "\(options)")
            #expect(server.stop() == 0, "\(server.error)")
        }
    }

    @Test("exit handlers and destructors run if configured, after everything else", arguments: [true, false])
    func exitHandlers(isSupervised: Bool) throws {
        let mode = isSupervised ? [] : ["--no-supervisor"]
        func serve(_ options: [String], _ environment: [String: String] = [:]) throws -> Bool {
            let library = try Fixture.compile(Self.source, named: "site", in: self.folder)
            unlink("\(self.folder.path)/destructed")
            let server = try RoostProcess(
                [library, "--run-dir", "\(self.folder.path)/run", "--port", "0"] + mode + options,
                environment: environment, folder: self.folder.path)
            _ = try self.pid(server)
            #expect(server.stop() == 0, "\(server.error)")
            #expect(!server.error.contains("crashed") && !server.error.contains(" exit="), "\(server.error)")
            return access("\(self.folder.path)/destructed", F_OK) == 0
        }
        #expect(try !serve([]))
        #expect(try serve(["--exit-handlers"]))
        #expect(try serve([], ["ROOST_EXIT_HANDLERS": "1"]))
    }

    @Test("a missing socket file is shown by roost status and recreated by a reload")
    func socketFile() throws {
        let path = "\(self.folder.path)/site.sock"
        let server = try self.serve("--uds", path)
        func ask() throws -> Int {
            let client = try RawClient(path: path)
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            return try client.readResponse().status
        }
        func roost(_ command: String) throws -> Command {
            try Command.run([Repository.roost, command, "--run-dir", "\(self.folder.path)/run"])
        }
        #expect(try ask() == 200)
        #expect(try !roost("status").output.contains("socket file"))
        unlink(path)
        #expect(try roost("status").output.contains("its socket file is missing"))
        let reload = try roost("reload")
        #expect(reload.status == 0, "\(reload.error)")
        try server.waitFor("socket file created url=unix:\(path)\n")
        #expect(try ask() == 200)
        #expect(try !roost("status").output.contains("socket file"))
        // A file that has taken the path is not changed.
        unlink(path)
        try self.folder.write("site.sock", "another's")
        let refused = try roost("reload")
        #expect(refused.status == 1)
        #expect(refused.error.contains("cannot be created again"), "\(refused.error)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "another's")
        #expect(server.stop() == 0, "\(server.error)")
    }
}
