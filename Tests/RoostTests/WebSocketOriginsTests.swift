import HTTPServer
import ModuleRuntime
import RoostSettings
import TestSupport
import Testing

@testable import Roost

/// Which pages may open WebSockets (RFC 6455 §10.2): the policy as a value, and in a host.
@Suite("WebSocket origins")
struct WebSocketOriginsTests {
    private static func allows(_ policy: [String], _ origin: String, at authority: String) throws -> Bool {
        try WebSocketOrigins(policy).allow(origin: .lasting(origin), authority: .lasting(authority))
    }

    @Test(
        "same: the origin's host and port must be those of Host; a missing port is the scheme's default",
        arguments: [
            ("http://x", "x", true), ("http://x:80", "x", true), ("http://x", "x:80", true),
            ("http://X.example", "x.EXAMPLE", true),
            ("https://x", "x", true), ("https://x", "x:443", true), ("https://x:443", "x", true),
            ("http://x:8000", "x:8000", true), ("https://x:8000", "x:8000", true), ("http://x.", "x", true),
            ("http://x", "x.", true),
            ("http://[::1]:8000", "[::1]:8000", true), ("http://[::1]", "[::1]", true), ("wss://x", "x", true),
            ("http://x", "x:8000", false), ("http://x:8000", "x", false), ("https://x", "x:80", false),
            ("http://x", "x:443", false),
            ("http://x:8000", "x:8001", false), ("http://evil", "x", false), ("http://x.evil", "x", false),
            ("http://evil.x", "x", false),
            ("http://evilx", "x", false), ("http://[::1]", "[::2]", false), ("http://x", "", false),
            // Not an origin, or not that of a web page.
            ("null", "x", false), ("NULL", "x", false), ("null", "null", false), ("", "x", false), ("x", "x", false),
            ("//x", "x", false),
            ("http:x", "x", false), ("http:/x", "x", false), ("http://", "x", false), ("http://:80", ":80", false),
            ("://x", "x", false), ("file://x", "x", false), ("chrome-extension://x", "x", false),
            ("file://", "", false),
            ("http://x/", "x", false), ("http://x/a", "x", false), ("http://x?", "x", false), ("http://x#", "x", false),
            ("http://a@x", "x", false), ("http://x@evil", "x", false), ("http://x http://x", "x", false),
            ("http://x,http://x", "x", false),
            ("http://x:", "x", false), ("http://x:a", "x", false), ("http://x:-1", "x", false),
            ("http://x:99999", "x", false),
            ("http://x:000080", "x", false), ("http://x\u{0}", "x", false), ("http://x\\evil", "x", false),
            ("ht tp://x", "x", false),
        ] as [(String, String, Bool)]
    )
    func same(origin: String, authority: String, isAllowed: Bool) throws {
        #expect(try Self.allows(["same"], origin, at: authority) == isAllowed)
    }

    @Test(
        "a list allows origins by scheme, host and port, and subdomains by *",
        arguments: [
            (["https://a.example"], "https://a.example", true), (["https://a.example"], "https://A.Example:443", true),
            (["HTTPS://A.example"], "https://a.example", true), (["https://a.example"], "http://a.example", false),
            (["https://a.example"], "https://a.example:8443", false),
            (["https://a.example:8443"], "https://a.example:8443", true),
            (["https://a.example:8443"], "https://a.example", false),
            (["https://a.example"], "https://b.a.example", false),
            (["https://a.example"], "http://x", false), (["same,https://a.example"], "http://x", true),
            (["same", "https://a.example"], "https://a.example", true),
            ([" same , https://a.example "], "https://a.example", true),
            (["https://*.example"], "https://a.example", true), (["https://*.example"], "https://b.a.example", true),
            (["https://*.example"], "https://example", false), (["https://*.example"], "https://.example", false),
            (["https://*.example"], "https://evilexample", false),
            (["localhost"], "http://localhost:3000", true), (["localhost"], "https://localhost", true),
            (["localhost:3000"], "http://localhost:3000", true), (["localhost:3000"], "http://localhost:3001", false),
            (["[::1]:3000"], "http://[::1]:3000", true), (["app://x"], "app://x", true),
            (["app://x"], "app://x:1", true),
            (["https://a.example"], "null", false), (["any"], "null", true), (["any"], "http://evil", true),
            (["any"], "", true),
        ] as [([String], String, Bool)]
    )
    func list(policy: [String], origin: String, isAllowed: Bool) throws {
        #expect(try Self.allows(policy, origin, at: "x") == isAllowed)
        // The form in which the supervisor passes the policy to a worker.
        let reported = try WebSocketOrigins([try WebSocketOrigins(policy).description])
        #expect(reported == (try WebSocketOrigins(policy)))
    }

    @Test(
        "a policy without a valid origin is refused",
        arguments: [
            [], [""], ["same,"], ["any,same"], ["*"], ["null"], ["https://"], ["https://a/"], ["https://a/b"], ["://a"],
            ["a b"],
            ["https://a:b"], ["https://a:99999"], ["https://a*.example"], ["ht tp://a"], ["https://a@b"],
        ] as [[String]]
    )
    func refused(policy: [String]) {
        #expect(throws: MountFault.self) { try WebSocketOrigins(policy) }
    }

    @Test("a host refuses the handshake with 403 before the application is called; other requests are not checked")
    func host() async throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.compile(file: Repository.fixture("Sockets.c"), named: "sockets", in: folder)
        try await withServedHost(ServedHost(library, in: folder)) { served in
            func status(_ fields: String...) throws -> Int {
                try served.client().openWebSocket("/echo", fields: fields).status
            }
            #expect(try status() == 101)
            #expect(try status("origin: http://x") == 101)
            #expect(try status("Origin: https://X") == 101)
            #expect(try status("origin: http://evil.example") == 403)
            #expect(try status("origin: null") == 403)
            #expect(try status("origin: http://x", "origin: http://x") == 403)
            #expect(try status("origin: http://x", "Origin: http://evil.example") == 403)
            let client = try served.client()
            client.send("GET /none HTTP/1.1\r\nhost: x\r\norigin: http://evil.example\r\n\r\n")
            #expect(try client.readResponse().status != 403)
        }
        try await withServedHost(ServedHost(library, in: folder) { $0.webSocketOrigins = .any }) { open throws in
            #expect(try open.client().openWebSocket("/echo", fields: ["origin: http://evil.example"]).status == 101)
            #expect(try open.client().openWebSocket("/echo", fields: ["origin: a", "origin: a"]).status == 403)
        }
    }
}
