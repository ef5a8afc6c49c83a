import TestSupport
import Testing

@testable import Roost

/// Trailers in both directions (RFC 9110 §6.5, RFC 9112 §7.1.2).
@Suite("Trailers")
struct TrailerTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Files.c"), named: "files", in: self.folder)
    }

    private func serve() async throws -> ServedHost { try await ServedHost(self.library, in: self.folder) }

    @Test("response trailers go, after chunks, to clients that accept them; else the result is UNSUPPORTED")
    func response() async throws {
        try await withServedHost(self.serve()) { served in
            for length in ["", "?8"] {
                let client = try served.client()
                client.send(
                    "GET /trailers\(length) HTTP/1.1\r\nhost: x\r\nte: trailers, deflate;q=0.5\r\nconnection: close\r\n\r\n"
                )
                let text = try client.readToEnd()
                #expect(text.contains("\r\ntransfer-encoding: chunked\r\n"))
                #expect(!text.contains("content-length"))
                #expect(
                    text.hasSuffix("\r\n\r\n4\r\nbody\r\n4\r\nbody\r\n0\r\nx-sum: 12\r\nx-end: 12\r\n\r\n"), "\(text)")
            }
            for refusal in [
                "event=http.response.trailers reason=trailers must follow the last part of the body",
                "event=http.response.body reason=the body is complete; only trailers may follow",
                "event=http.response.trailers reason=a trailer field is only allowed in the response header",
                "event=http.response.trailers reason=the response is already complete",
            ] { #expect(!served.log.holding("call refused", refusal).isEmpty, "\(refusal)") }

            let other = try served.client()
            other.send("GET /trailers HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try other.readResponse().text == "no trailers")
            let old = try served.client()
            old.send("GET /trailers HTTP/1.0\r\nte: trailers\r\n\r\n")
            #expect(try old.readToEnd().hasSuffix("no trailers"))
            // A response without a body has no trailers either; the connection is kept.
            let head = try served.client()
            head.send(
                "HEAD /trailers HTTP/1.1\r\nhost: x\r\nte: trailers\r\n\r\nGET /trailers HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try head.readResponse(isHead: true).status == 200)
            #expect(try head.readResponse().text == "no trailers")
        }
    }

    @Test("a response whose trailers are missing is cut off, so it does not look complete")
    func missing() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /no-trailers HTTP/1.1\r\nhost: x\r\nte: trailers\r\n\r\n")
            let text = try client.readToEnd()
            #expect(!text.hasSuffix("0\r\n\r\n"))
            let outcome = "outcome=incomplete response; connection closed "
            #expect(served.log.holding("application failed", outcome).count == 1)
        }
    }

    @Test(
        "a scope lists the extensions that its request supports",
        arguments: [
            ("HTTP/1.1\r\nhost: x\r\nte: trailers", "pathsend zerocopysend early_hint trailers"),
            ("HTTP/1.1\r\nhost: x\r\nte: deflate", "pathsend zerocopysend early_hint"),
            ("HTTP/1.0\r\nte: trailers", "pathsend zerocopysend"),
        ])
    func extensions(head: String, names: String) async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET / \(head)\r\n\r\n")
            #expect(
                try client.readResponse().text == names.split(separator: " ").map { "http.response.\($0) " }.joined())
        }
    }

    @Test("request trailers come with the last part of the body, their names in lower case")
    func request() async throws {
        try await withServedHost(self.serve()) { served in
            let request = "POST /received HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
            let client = try served.client()
            for step in [1, 7, 1000] {
                var rest = Array("\(request)X-Sum: \t12 3 \r\nx-empty:\r\nX-SUM: 4\r\n\r\n".utf8)[...]
                while !rest.isEmpty {
                    client.send(Array(rest.prefix(step)))
                    rest = rest.dropFirst(step)
                }
                #expect(try client.readResponse().text == "abcx-sum=12 3;x-empty=;x-sum=4;")
            }
            // No trailers remain for the next request.
            client.send("\(request)\r\n")
            #expect(try client.readResponse().text == "abc")
            // An application that does not receive the body does not get them; they are not parsed as a request.
            client.send(request.replacing("/received", with: "/") + "x: y\r\n\r\n")
            #expect(try client.readResponse().status == 200)
            client.send("\(request)\r\n")
            #expect(try client.readResponse().text == "abc")
            // A trailer that belongs in the header is dropped.
            client.send("\(request)content-type: text/x\r\ny: z\r\n\r\n")
            #expect(try client.readResponse().text == "abcy=z;")
            client.send("\(request)content-length: 4\r\n\r\n")
            #expect(try client.readResponse().status == 400)
        }
    }
}
