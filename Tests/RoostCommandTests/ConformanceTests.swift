import Foundation
import TestSupport
import Testing

/// `roost check --conformance`: checks any module against the requirements of `asgi.h`.
@Suite("roost check --conformance")
struct ConformanceTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test("the modules of this repository pass", arguments: ["Hello", "Bench", "Chat", "SwiftHello", "SwiftCalls"])
    func passes(name: String) throws {
        let checked = try Command.run(
            [Repository.roost, "check", "--conformance", "\(Repository.products)/lib\(name).so"])
        #expect(checked.status == 0, "\(checked.output)")
        #expect(checked.output.components(separatedBy: ": ok\n").count - 1 == 13)
        #expect(!checked.output.contains("wrong"))
    }

    @Test("faults of a module, and a crash, are reported with the name of the case")
    func finds() throws {
        func check(_ name: String, _ body: String) throws -> Command {
            let library = try Fixture.compile(
                """
                #include <asgi.h>
                asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
                {
                    asgi_event event = asgi_event_of(0);
                    (void)receive; (void)event;
                    if (scope->type == ASGI_LIFESPAN) return ASGI_UNSUPPORTED;
                    \(body)
                }
                """, named: name, in: self.folder)
            return try Command.run([Repository.roost, "check", "--conformance", library])
        }
        let deaf = try check("deaf", "return scope->type == ASGI_HTTP ? ASGI_DONE : ASGI_UNSUPPORTED;")
        #expect(deaf.status == 1)
        #expect(
            deaf.output.contains("GET / gets a complete response, twice on one connection: failed: application failed ")
        )
        #expect(deaf.output.contains("outcome=\"no response; answered 500\" result=ASGI_DONE"))
        let greedy = try check(
            "greedy", #"asgi_respond(scope, send, 200, "text/plain", asgi_text("anything goes")); return ASGI_DONE;"#)
        #expect(greedy.status == 1)
        #expect(greedy.output.contains("a scope of an unknown type is refused: failed: returned "))
        let careless = try check(
            "careless",
            #"""
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            if (asgi_equal(scope->method, "POST")) return ASGI_PENDING;
            return asgi_respond(scope, send, 200, "text/plain", asgi_text("x"));
            """#)
        #expect(careless.output.contains("all scopes end, and shutdown completes in time: failed: "))
        let crashing = try check("crashing", "return *(volatile asgi_result *)8;")
        #expect(crashing.status == 1)
        #expect(
            crashing.output.hasSuffix(
                "GET / gets a complete response, twice on one connection: failed: crashed with SIGSEGV\n")
        )
    }
}
