import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// The phases of a graceful shutdown, `asgi.shutdown/1`, and the responses to health probes.
@Suite("Graceful shutdown")
struct StopTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(
        _ name: String, configure: (inout HostConfiguration) -> Void = { _ in }
    ) async throws -> ServedHost {
        let library = try Fixture.compile(
            file: Repository.fixture("\(name).c"), named: name.lowercased(), in: self.folder)
        return try await ServedHost(library, in: self.folder, configure: configure)
    }

    @Test("asgi.shutdown/1: invalid calls are refused; notices end when cancelled or with their scope")
    func rules() async throws {
        try await withServedHost(self.serve("Stops")) { served in
            #expect(try served.get("/rules").text == "rules")
            let lines = Set(try served.notes(until: "reported-with-scope").split(separator: "\n").map(String.init))
            #expect(
                lines == [
                    "lifespan=PENDING", "lifespan-reported=CANCELLED", "no-then=INVALID", "stale=STALE",
                    "stale-begun=STALE",
                    "notice=PENDING", "cancel=DONE", "again=INVALID", "left=PENDING", "reported-cancelled=CANCELLED",
                    "reported-with-scope=CANCELLED",
                ])
        }
    }

    @Test("a request that waits for the shutdown is notified while its client is connected, and responds")
    func notice() async throws {
        try await withServedHost(self.serve("Stops") { $0.server.graceTime = 60 }) { served in
            let client = try served.client()
            client.send("GET /reported HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try served.notes(until: "notice=").contains("before=PENDING\nnotice=PENDING\n"))
            try await served.stop()
            let response = try client.readResponse()
            #expect(response.text == "reported=DONE\nbegun=DONE\nlate=PENDING\nreported=DONE\nbegun=DONE\n")
            #expect(response.header("connection") == "close")
        }
    }

    @Test("pipelined requests are answered during a shutdown, the last one with connection: close")
    func pipelined() async throws {
        try await withServedHost(self.serve("Stops") { $0.server.graceTime = 60 }) { served in
            let client = try served.client()
            let request = "GET /reported HTTP/1.1\r\nhost: x\r\n\r\n"
            client.send(request + String(repeating: "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", count: 3))
            _ = try served.notes(until: "notice=")
            try await served.stop()
            #expect(try client.readResponse().header("connection") == nil)
            let responses = try (0..<3).map { _ in try client.readResponse() }
            #expect(responses.map(\.status) == [404, 404, 404])
            #expect(responses.map { $0.header("connection") } == [nil, nil, "close"])
            #expect(try !client.readMore())
        }
    }

    @Test("an idle connection stays open for its next request if another process takes over")
    func drain() async throws {
        try await withServedHost(self.serve("Stops") { $0.server.graceTime = 60 }) { served in
            nonisolated(unsafe) let idle = try served.client()
            idle.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try idle.readResponse().header("connection") == nil)
            async let stopped: Void = served.host.stop(closesIdle: false)
            let isOpen = try await onThread {
                // The connection is kept until the host has stopped.
                repeat {
                    idle.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
                } while try idle.readResponse().header("connection") != "close"
                return try idle.readMore()
            }
            idle.close()
            try await stopped
            #expect(!isOpen)
        }
    }

    @Test("closeIdle closes idle connections during a shutdown that keeps them")
    func closeIdle() async throws {
        try await withServedHost(self.serve("Stops") { $0.server.graceTime = 60 }) { served in
            nonisolated(unsafe) let idle = try served.client()
            idle.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try idle.readResponse()
            async let stopped: Void = served.host.stop(closesIdle: false)
            try await onThread { while let client = try? served.client() { client.close() } }
            served.host.closeIdle()
            let isOpen = try await onThread { try idle.readMore() }
            #expect(!isOpen)
            try await stopped
        }
    }

    @Test("a second stop does nothing and delays nothing")
    func twice() async throws {
        try await withServedHost(self.serve("Stops") { $0.server.graceTime = 60 }) { served in
            let client = try served.client()
            client.send("GET /reported HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try served.notes(until: "notice=")
            async let first: Void = served.stop()
            async let second: Void = served.stop()
            try await first
            try await second
            try await served.stop()
            #expect(try client.readResponse().status == 200)
        }
    }

    @Test("/healthz and /readyz are the host's if it is configured to answer them, else the module's")
    func health() async throws {
        try await withServedHost(self.serve("Stops")) { plain throws in
            #expect(try plain.get("/healthz").status == 404)
        }
        try await withServedHost(
            self.serve("Stops") {
                $0.answersHealth = true
                $0.server.graceTime = 60
            }
        ) { served in
            #expect(try served.get("/healthz").text == "alive")
            #expect(try served.get("/readyz").text == "ready")
            #expect(try served.get("/readyz/").status == 404)
            // A probe during the shutdown, on a connection from before.
            let client = try served.client()
            client.send("GET /reported HTTP/1.1\r\nhost: x\r\n\r\nGET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try served.notes(until: "notice=")
            try await served.stop()
            #expect(try client.readResponse().status == 200)
            #expect(try client.readResponse().status == 503)
        }
    }
}
