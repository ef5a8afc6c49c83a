import Foundation
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost

/// Modules in other languages, and modules built with other versions of the header.
@Suite("Languages and header versions")
struct LanguageTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func expectHello(_ library: String) async throws {
        try await withServedHost(ServedHost(library, in: self.folder)) { served in
            let response = try served.get("/")
            #expect(response.status == 200)
            #expect(response.text == "Hello, World!")
            #expect(response.header("content-type") == "text/plain; charset=utf-8")
        }
    }

    @Test("a C++ module is served") func cpp() async throws {
        try await self.expectHello(
            Fixture.compile(
                file: Repository.fixture("Hello.cpp"), named: "hellocpp", compiler: "g++", flags: ["-Wall", "-Wextra"],
                in: self.folder
            )
        )
    }

    static let hasRust = (try? Command.run(["rustc", "--version"]))?.status == 0

    @Test("a Rust module is served", .enabled(if: Self.hasRust, "there is no rustc here")) func rust() async throws {
        let library = "\(self.folder.path)/libhellors.so"
        let built = try Command.run(
            ["rustc", "--crate-type", "cdylib", "-O", "-o", library, Repository.fixture("Hello.rs")]
        )
        #expect(built.status == 0, "\(built.error)")
        try await self.expectHello(library)
    }

    /// Copies the headers with a change: without their last fields, as before, or with more fields, as in future.
    private func headers(_ change: (inout String) -> Void) throws -> String {
        let headers = "\(self.folder.path)/\(UUID())"
        try FileManager.default.createDirectory(atPath: headers, withIntermediateDirectories: true)
        var isChanged = false
        for name in try FileManager.default.contentsOfDirectory(atPath: Repository.headers) {
            var text = try String(contentsOfFile: "\(Repository.headers)/\(name)", encoding: .utf8)
            let before = text
            change(&text)
            isChanged = isChanged || text != before
            try text.write(toFile: "\(headers)/\(name)", atomically: false, encoding: .utf8)
        }
        #expect(isChanged)
        return headers
    }

    @Test("modules built with an older and a newer header (smaller and larger structs) run in one process")
    func versions() async throws {
        let older = try self.headers { text in
            // A scope without `tls`, an event without `release`, a description without `extension`.
            text = text.replacingOccurrences(of: "    const asgi_tls *tls;", with: "    /* const asgi_tls *tls;")
                .replacingOccurrences(of: "/* NULL without TLS ", with: "NULL without TLS ")
            text = text.replacingOccurrences(
                of: "    void (*release)(void *release_context);\n    void *release_context;\n", with: ""
            ).replacingOccurrences(of: ", NULL, NULL, NULL};", with: ", NULL};")
        }
        let newer = try self.headers { text in
            text = text.replacingOccurrences(
                of: "    void *release_context;\n", with: "    void *release_context;\n    uint64_t added[8];\n"
            )
            .replacingOccurrences(of: ", NULL, NULL, NULL};", with: ", NULL, NULL, NULL, {0}};")
            .replacingOccurrences(
                of: "    const void *(*extension)(const asgi_string *name);\n} asgi_module;",
                with: "    const void *(*extension)(const asgi_string *name);\n    uint64_t added;\n} asgi_module;")
        }
        let source = """
            #include <asgi.h>
            #include <stdio.h>
            #include <string.h>
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            {
                char text[128];
                struct { asgi_event event; uint64_t guard; } given;
                if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
                memset(&given, 0xaa, sizeof given);
                given.event = asgi_event_of(0);
                if (receive(scope->id, &given.event, NULL, NULL) != ASGI_DONE) return ASGI_FAILED;
                snprintf(text, sizeof text, "scope=%s event=%s guard=%s size=%s path=%.*s",
                         scope->size == sizeof *scope ? "same" : scope->size > sizeof *scope ? "larger" : "smaller",
                         given.event.type == ASGI_HTTP_REQUEST ? "request" : "other",
                         given.guard == 0xaaaaaaaaaaaaaaaaull ? "whole" : "broken",
                         given.event.size == sizeof given.event ? "own" : "changed",
                         (int)scope->path.size, scope->path.data);
                return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
            }
            const asgi_module *asgi_module_info(void)
            {
                static asgi_module module;
                module.size = sizeof module;
                module.abi = ASGI_ABI;
                module.draft = ASGI_DRAFT;
                return &module;
            }
            """
        let first = try Fixture.compile(source, named: "older", headers: older, in: self.folder)
        let second = try Fixture.compile(source, named: "newer", headers: newer, in: self.folder)
        try await withServedHost(ServedHost(first, in: self.folder)) { old in
            try await withServedHost(ServedHost(second, in: self.folder)) { new throws in
                #expect(try old.get("/p").text == "scope=larger event=request guard=whole size=own path=/p")
                #expect(try new.get("/p").text == "scope=same event=request guard=whole size=own path=/p")
            }
        }
    }
}
