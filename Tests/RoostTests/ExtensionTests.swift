import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost

/// The extensions that a scope lists.
@Suite("Extensions")
struct ExtensionTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private static let source = """
        #include <asgi.h>
        #include <stdio.h>
        static asgi_result hint(const asgi_scope *scope, asgi_send send, const char *first, const char *second)
        {
            asgi_header links[2];
            asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_EARLY_HINT);
            links[0].name = links[1].name = asgi_text("ignored");
            links[0].value = asgi_text(first);
            links[1].value = asgi_text(second);
            event.headers = links;
            event.header_count = second ? 2 : 1;
            return send(scope->id, &event, NULL, NULL);
        }
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
            char text[256];
            int results[4];
            asgi_event start = asgi_event_of(ASGI_HTTP_RESPONSE_START), body = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
            (void)receive;
            if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
            results[0] = hint(scope, send, "</a.css>; rel=preload", "</b.js>; rel=preload");
            results[1] = hint(scope, send, "x\\r\\nset-cookie: y", NULL);
            start.status = 200;
            send(scope->id, &start, NULL, NULL);
            results[2] = hint(scope, send, "</late.css>", NULL);
            body.flags = ASGI_MORE;
            body.body = asgi_text("x");
            send(scope->id, &body, NULL, NULL);
            results[3] = hint(scope, send, "</too-late.css>", NULL);
            snprintf(text, sizeof text, " %d %d %d %d", results[0], results[1], results[2], results[3]);
            body.flags = 0;
            body.body = asgi_text(text);
            return send(scope->id, &body, NULL, NULL);
        }
        """

    @Test("early hints go to HTTP/1.1 clients until the first body; a value cannot inject fields (RFC 8297)")
    func earlyHint() async throws {
        try await withServedHost(ServedHost(try Fixture.compile(Self.source, in: self.folder), in: self.folder)) {
            served in
            let client = try served.client()
            client.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            let text = try client.readToEnd()
            #expect(
                text.hasPrefix(
                    "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nlink: </b.js>; rel=preload\r\n\r\n"
                        + "HTTP/1.1 103 Early Hints\r\nlink: </late.css>\r\n\r\nHTTP/1.1 200 OK\r\n"), "\(text)")
            #expect(text.contains(" 0 -4 0 -4"))
            #expect(!text.contains("set-cookie") && !text.contains("too-late"))
            #expect(
                !served.log.holding(
                    "call refused",
                    "event=http.response.early_hint reason=the response header has already been sent"
                ).isEmpty)

            let old = try served.client()
            old.send("GET / HTTP/1.0\r\n\r\n")
            let answer = try old.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("x -5 -5 -5 -5"))
        }
    }

    @Test("the Swift SDK sends early hints")
    func swift() async throws {
        try await withServedHost(ServedHost("\(Repository.products)/libSwiftCalls.so", in: self.folder)) { served in
            let client = try served.client()
            client.send("GET /hint HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 103)
            #expect(try client.readResponse().text.contains("http.response.early_hint"))
        }
    }
}
