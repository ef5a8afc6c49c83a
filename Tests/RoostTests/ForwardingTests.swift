import Foundation
import HTTPServer
import RoostSystem
import TestSupport
import Testing

@testable import Roost

/// Header fields of proxies, and of clients that pretend to be one.
@Suite("Forwarded requests of a host")
struct ForwardingTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Scope.c"), named: "scope", in: self.folder)
    }

    private func serve(_ configure: (inout HostConfiguration) throws -> Void = { _ in }) async throws -> ServedHost {
        try await ServedHost(self.library, in: self.folder, configure: configure)
    }

    private func ask(_ served: ServedHost, _ lines: String...) throws -> String {
        let client = try served.client()
        client.send("GET /a HTTP/1.1\r\nhost: x\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n")
        return try client.readResponse().text
    }

    @Test("client and scheme follow a trusted proxy, for each request of a connection")
    func trusted() async throws {
        try await withServedHost(self.serve()) { served throws in
            let client = try served.client()
            client.send(
                "GET / HTTP/1.1\r\nhost: x\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
            let first = try client.readResponse().text
            #expect(first.contains("scheme=https\nclient=192.0.2.1\nclient_port=0\nserver=127.0.0.1\n"), "\(first)")
            #expect(first.contains("x-forwarded-for: 6.6.6.6, 192.0.2.1"))
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text.hasPrefix("scheme=http\nclient=127.0.0.1\n"))
            client.send("GET / HTTP/1.1\r\nhost: x\r\nX-Forwarded-For: [2001:db8::1]:99\r\n\r\n")
            #expect(try client.readResponse().text.hasPrefix("scheme=http\nclient=2001:db8::1\nclient_port=99\n"))
        }
    }

    @Test("the fields of a peer that is not trusted are removed")
    func untrusted() async throws {
        let serve = { try await self.serve { $0.server.trustedPeers = try TrustedPeers(["unix"]) } }
        try await withServedHost(serve()) { served throws in
            let text = try self.ask(
                served, "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "X-Real-IP: 1",
                "X_Forwarded_Proto: https",
                "a_b: 1", "X-Forwarded-Proto: https", "Accept: */*")
            #expect(text.hasPrefix("scheme=http\nclient=127.0.0.1\n"), "\(text)")
            #expect(text.hasSuffix("host: x\naccept: */*\n"), "\(text)")
        }
    }

    @Test(
        "without evaluation all fields are left as they are",
        .enabled(if: !ServedHost.isHTTP2, "of HTTP/1, or of paths that nghttpx changes"))
    func off() async throws {
        try await withServedHost(self.serve { $0.server.forwarding = nil }) { served throws in
            let text = try self.ask(served, "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "a_b: 1")
            #expect(text.hasPrefix("scheme=http\nclient=127.0.0.1\n"))
            #expect(text.hasSuffix("x-forwarded-for: 192.0.2.1\nforwarded: for=192.0.2.1\na_b: 1\n"), "\(text)")
        }
    }

    @Test("host and prefix: authority, server and root path")
    func optIn() async throws {
        let serve = {
            try await self.serve {
                $0.server.forwarding?.evaluatesHost = true
                $0.server.forwarding?.evaluatesPrefix = true
                $0.rootPath = "/site"
            }
        }
        try await withServedHost(serve()) { served throws in
            let text = try self.ask(
                served, "X-Forwarded-Host: example.org", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /app/")
            #expect(
                text.contains(
                    "server=example.org\nserver_port=443\nroot_path=/app/site\npath=/app/site/a\nraw_path=/a\n"),
                "\(text)")
            #expect(text.contains("host: example.org\n"))
            let other = try self.ask(served, "X-Forwarded-Host: [2001:db8::1]:8443", "X-Forwarded-Prefix: //evil")
            #expect(other.contains("server=2001:db8::1\nserver_port=8443\nroot_path=/site\npath=/site/a\n"), "\(other)")
        }
    }

    @Test("a listener that evaluates no fields trusts no peer")
    func listener() async throws {
        let serve = { try await self.serve { $0.addresses[0].proxies.evaluatesForwarding = false } }
        try await withServedHost(serve()) { served throws in
            let text = try self.ask(served, "X-Forwarded-For: 192.0.2.1")
            #expect(text.contains("client=127.0.0.1\n") && !text.contains("x-forwarded-for"), "\(text)")
        }
    }

    @Test("a client that resets its connection before it is accepted is no client of a Unix socket")
    func reset() async throws {
        let calls = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        try self.folder.write("access.log", "")
        let path = "\(self.folder.path)/access.log"
        let log = try #require(FileHandle(forWritingAtPath: path))
        let writer = LineWriter(descriptor: log.fileDescriptor)
        let serve = {
            try await ServedHost(calls, in: self.folder) {
                $0.server.trustedPeers = try TrustedPeers(["unix"])
                $0.access = writer
            }
        }
        try await withServedHost(serve()) { served throws in
            for _ in 1...100 {
                let client = try served.client()
                client.send("GET /state HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 6.6.6.6\r\n\r\n")
                client.reset()
            }
            #expect(try served.get("/state").status == 200)
        }
        writer.flush()
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("6.6.6.6"))
    }
}
