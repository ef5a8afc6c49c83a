import Foundation
import TestSupport
import Testing

@testable import Roost

/// `asgi.loop/1`: descriptors and timers on the host's loops.
@Suite("asgi.loop/1")
struct LoopExtensionTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(_ name: String, flags: [String] = []) async throws -> ServedHost {
        let library = try Fixture.compile(
            file: Repository.fixture("\(name).c"), named: name.lowercased(), flags: flags, in: self.folder)
        return try await ServedHost(library, in: self.folder)
    }

    @Test("a descriptor is watched a thousand times; each watch completes once, on the loop")
    func pipe() async throws {
        try await withServedHost(self.serve("Loops")) { served in
            #expect(try served.get("/pipe").text == "read")
            let lines = try served.notes().split(separator: "\n")
            #expect(lines.first == "watch=PENDING")
            #expect(
                lines.dropFirst().dropLast()
                    == stride(from: 1000, to: 0, by: -100).map { "readable=DONE on=loop left=\($0)" }[...])
        }
    }

    @Test("invalid calls are refused; watches and timers end when cancelled or with their scope")
    func rules() async throws {
        try await withServedHost(self.serve("Loops")) { served in
            #expect(try served.get("/rules").text == "rules")
            let lines = Set(try served.notes(until: "reported-with-scope").split(separator: "\n").map(String.init))
            let expected: Set<String> = [
                "no-conditions=INVALID", "other-conditions=INVALID", "no-then=INVALID", "other-loop=INVALID",
                "not-open=INVALID", "a-file=UNSUPPORTED", "writable=PENDING", "reported-writable=DONE", "watch=PENDING",
                "watch-twice=PENDING", "cancel=DONE", "cancel-again=INVALID", "reported-cancelled=CANCELLED",
                "after=PENDING",
                "after-other-loop=INVALID", "cancel-timer=DONE", "reported-timer=CANCELLED", "end",
                "reported-with-scope=CANCELLED",
            ]
            #expect(lines == expected)
        }
    }

    @Test("an application watches a descriptor of its own from a thread, with the lifespan's id")
    func own() async throws {
        try await withServedHost(self.serve("Loops")) { served throws in
            #expect(try served.get("/own").text == "watched")
            #expect(try served.notes() == "own-watch=PENDING\nown=DONE id=lifespan loop=0\nend\n")
        }
    }

    @Test("libcurl makes a hundred requests at once on the loop; an abandoned one is cancelled, and nothing leaks")
    func curl() async throws {
        try await withServedHost(self.serve("Curl", flags: ["-lcurl"])) { served in
            try await withServedHost(
                ServedHost(
                    try Fixture.compile(file: Repository.fixture("Loops.c"), named: "source", in: self.folder),
                    in: try TemporaryFolder())
            ) { source in
                let url = "http://127.0.0.1:\(source.port)"
                let clients = try (0..<100).map { _ in try served.client() }
                for client in clients { client.send("GET /fetch?\(url)/own HTTP/1.1\r\nhost: x\r\n\r\n") }
                for client in clients {
                    let response = try client.readResponse()
                    #expect(response.status == 200)
                    #expect(response.text == "watched")
                }
                // Nothing listens on this port.
                #expect(try served.get("/fetch?http://127.0.0.1:1/").status == 502)
                // The request is abandoned while the other server holds back its response.
                #expect(try served.get("/abandon?\(url)/hold").status == 500)
                var cleaned = 0
                while cleaned < 102 {
                    cleaned += try served.get("/log").text.components(separatedBy: "cleaned").count - 1
                }
                #expect(cleaned == 102)
            }
        }
    }

    @Test("a module that blocks the loop is logged once a minute, with its name and the time")
    func held() async throws {
        try await withServedHost(self.serve("Loops")) { served throws in
            #expect(try served.get("/hold").text == "held")
            #expect(try served.get("/hold").text == "held")
            let lines = served.log.holding("event loop blocked", "application=loops loop=0 time=")
            #expect(lines.count == 1)
            let time = lines.first?.components(separatedBy: "time=").last
            #expect(time?.hasSuffix("ms") == true)
            #expect(time.flatMap { Int($0.dropLast(2)) } ?? 0 >= 500)
        }
    }
}
