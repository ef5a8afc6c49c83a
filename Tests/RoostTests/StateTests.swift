import Foundation
import Logging
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost
@testable import RoostDeployment

/// `asgi.state/1` and health checks: the replacement of a generation by the next, in one process.
@Suite("State transfer and health checks")
struct StateTests {
    private let folder: TemporaryFolder
    private let run: RunDirectory
    private let lines = LogLines()

    init() throws {
        self.folder = try TemporaryFolder()
        self.run = try RunDirectory.make("\(self.folder.path)/run")
    }

    /// A module that transfers a counter. `SAVE` and `RESTORE` are inserted before its own code in each function.
    private static let source = """
        #include <asgi.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static int count;
        /* Appends a letter to a file, since each image has its own static variables. */
        static void released(void *context)
        {
            int file = open(RELEASES, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
            free(context);
            if (write(file, "r", 1) != 1) abort();
            close(file);
        }
        static asgi_result save(asgi_id id, void *state, asgi_saved *saved)
        {
            char *text = (char *)malloc(16);
            (void)id, (void)state;
            SAVE;
            snprintf(text, 16, "%d", count);
            saved->version = 3;
            saved->format = asgi_text("count");
            saved->bytes = asgi_text(text);
            saved->release = released;
            saved->release_context = text;
            return ASGI_DONE;
        }
        static asgi_result restore(asgi_id id, void *state, const asgi_saved *saved)
        {
            (void)id, (void)state;
            RESTORE;
            if (!asgi_equal(saved->format, "count") || saved->version != 3) return ASGI_UNSUPPORTED;
            count = atoi(saved->bytes.data);
            return ASGI_DONE;
        }
        static const asgi_state table = {sizeof table, ASGI_STATE_RECONNECT, save, restore};
        static const void *offer(const asgi_string *name) { return asgi_equal(*name, "asgi.state/1") ? &table : NULL; }
        const asgi_module *asgi_module_info(void)
        {
            static const asgi_module module = {sizeof module, ASGI_ABI, ASGI_DRAFT, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, offer};
            return &module;
        }
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
            char text[32];
            (void)receive;
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            if (asgi_equal(asgi_path(scope), "/well"))
                return asgi_respond(scope, send, asgi_find_header(scope, "host") ? WELL : 500, "text/plain", asgi_text("x"));
            snprintf(text, sizeof text, "%d", ++count);
            return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
        }
        """

    /// A file with one byte for each release of a saved state.
    private var releases: String { "\(self.folder.path)/releases" }

    private func application(
        _ name: String, save: String = "", restore: String = "", well: String = "200", health: String? = nil
    ) throws -> DeployedApplication {
        let library = try Fixture.compile(
            Self.source, named: name,
            flags: [
                "-DSAVE=\(save)", "-DRESTORE=\(restore)", "-DWELL=\(well)", "-DRELEASES=\"\(self.releases)\"",
                "-Wno-unused-result",
            ], in: self.folder)
        var prepared = try ApplicationPreparation().prepare(try ModuleName(library), run: self.run)
        prepared.health = health
        return DeployedApplication(number: 1, name: name, mount: .root, .module(prepared))
    }

    private func serve(_ application: DeployedApplication) async throws -> ServedHost {
        try await ServedHost([application], in: self.folder) {
            $0.logger = Logger(label: "test") { _ in self.lines.handler }
            $0.stateLimit = 1000
            $0.lifespanTime = 1
        }
    }

    /// Replaces the generation. Returns the reason if that failed.
    private func replace(_ served: ServedHost, by next: DeployedApplication) async throws -> String? {
        let running = try #require(served.host.current)
        let failures = await running.prepare([next], for: 1)
        await running.commit(1, mounting: failures.isEmpty ? [1] : [], removing: [], [])
        return failures.first?.message
    }

    @Test("saved state is restored before the first request, and released once")
    func handedOn() async throws {
        try await withServedHost(self.serve(try self.application("one"))) { served in
            for _ in 1...3 { _ = try served.get("/") }
            #expect(try await self.replace(served, by: try self.application("two")) == nil)
            #expect(try served.get("/").text == "4")
            #expect(try String(contentsOfFile: self.releases, encoding: .utf8) == "r")
            #expect(try await self.replace(served, by: try self.application("three")) == nil)
            #expect(try served.get("/").text == "5")
            #expect(self.lines.holding("state restored", "bytes=1 format=count").count == 2)
            #expect(self.lines.holding("state not transferred").isEmpty)
        }
        #expect(try String(contentsOfFile: self.releases, encoding: .utf8) == "rr")
    }

    @Test(
        "a generation that cannot save or restore in time loses the state and nothing else",
        arguments: [
            ("return ASGI_FAILED", "", "save returned ASGI_FAILED"),
            ("return ASGI_UNSUPPORTED", "", nil),
            (
                "saved->bytes.data = text, saved->bytes.size = 1001; return ASGI_DONE", "",
                "save returned 1001 bytes, above the limit of 1000 (--limit-state)"
            ),
            ("for (;;) pause()", "", "no answer within 1 seconds (--timeout-lifespan)"),
            ("", "return ASGI_UNSUPPORTED", "restore of 'count', version 3, returned ASGI_UNSUPPORTED"),
            ("", "return -77", "restore of 'count', version 3, returned -77"),
        ] as [(String, String, String?)])
    func lost(save: String, restore: String, why: String?) async throws {
        try await withServedHost(self.serve(try self.application("one", save: save))) { served in
            for _ in 1...3 { _ = try served.get("/") }
            #expect(try await self.replace(served, by: try self.application("two", restore: restore)) == nil)
            #expect(try served.get("/").text == "1")
            #expect(self.lines.holding("state not transferred").count == (why == nil ? 0 : 1))
            if let why { #expect(self.lines.holding("state not transferred", "reason=\(why)").count == 1) }
        }
    }

    @Test("a generation whose health check does not get 2xx or 3xx in time is not mounted")
    func health() async throws {
        try await withServedHost(self.serve(try self.application("one", health: "/well"))) { served in
            for (well, why) in [("503", "/well returned status 503"), ("404", "/well returned status 404")] {
                let next = try self.application("ill\(well)", well: well, health: "/well")
                #expect(try await self.replace(served, by: next)?.contains(why) == true)
                #expect(try served.get("/well").status == 200)
            }
            let malformed = try self.application(
                "malformed", well: #"(asgi_respond(scope, send, 200, "a\nb", asgi_text("x")), 199)"#, health: "/well")
            #expect(try await self.replace(served, by: malformed)?.contains("/well returned status 500") == true)
            #expect(
                try await self.replace(served, by: try self.application("moved", well: "302", health: "/well")) == nil)
            #expect(try served.get("/well").status == 302)
            let silent = try self.application("silent", well: "(sleep(2), 200)", health: "/well")
            #expect(
                try await self.replace(served, by: silent)?.contains("no complete response from /well within 1 seconds")
                    == true)
        }
    }
}
