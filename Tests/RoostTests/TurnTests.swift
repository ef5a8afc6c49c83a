import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// Turns of a loop as modules see them: what runs before and after the sockets are polled, watches that persist, timers
/// that move, the end of scopes; and the names of header fields.
@Suite("Turns of a loop")
struct TurnTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(configure: (inout HostConfiguration) -> Void = { _ in }) async throws -> ServedHost {
        let library = try Fixture.compile(file: Repository.fixture("Turns.c"), named: "turns", in: self.folder)
        return try await ServedHost(library, in: self.folder, configure: configure)
    }

    @Test(
        "a module that posts or sets timers without end does not stop the server",
        arguments: ["posts", "loop-posts", "timers", "thread"])
    func endless(_ kind: String) async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/endless/\(kind)").text == "begun")
            // Requests on new connections and on an open one are answered meanwhile.
            let client = try served.client()
            for _ in 0..<20 {
                client.send("GET /log HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().status == 200)
                #expect(try served.get("/log").status == 200)
            }
            #expect(try served.get("/end").text == "ended")
        }
    }

    @Test("a persistent watch completes in every turn; cancelled on its loop it calls nothing, on a thread CANCELLED")
    func watch() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/watch").text == "watched")
            let notes = try served.notes(until: "ended=")
            #expect(
                notes == """
                    watch=PENDING
                    ready=PENDING a
                    ready=PENDING b
                    ready=PENDING c
                    ready=PENDING d
                    cancel=DONE
                    cancel-again=INVALID
                    watch=PENDING
                    cancel-by-thread=DONE
                    cancelled-by-thread=CANCELLED
                    ended=DONE

                    """)
        }
    }

    @Test("a persistent watch ends with its scope")
    func kept() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/kept").text == "kept")
            #expect(try served.notes(until: "ended=") == "kept=PENDING\nkept=CANCELLED\nended=DONE\n")
        }
    }

    @Test("a watch goes on after its descriptor was read before the loop could complete it")
    func stolen() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/stolen").text == "stolen")
            #expect(
                try served.notes(until: "ended=") == "stolen=a\ntold=PENDING b\ntold=CANCELLED -\nended=DONE\n")
        }
    }

    @Test("a descriptor that is closed while it is watched, and open elsewhere, is not reported for ever")
    func closed() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/closed").text == "closed")
            #expect(try served.notes(until: "ended=") == "closed-calls=1\nended=DONE\n")
        }
    }

    @Test("timers move nearer and later without a completion for the old time")
    func move() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/move").text == "moved")
            let notes = try served.notes(until: "ended=")
            #expect(
                notes == """
                    after=PENDING
                    after=PENDING
                    after=PENDING
                    after=PENDING
                    move-nearer=DONE
                    move-later=DONE
                    move-last=DONE
                    move-longest=DONE
                    cancel=DONE
                    move-cancelled=INVALID
                    cancelled=CANCELLED
                    nearer=DONE
                    later=DONE
                    move-run=INVALID
                    move-unknown=INVALID
                    ended=DONE

                    """)
        }
    }

    @Test("the end of a scope is reported once, with its result, after the scope is stale")
    func ended() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/ended").text == "ended")
            let notes = try served.notes(until: "ended=")
            #expect(
                notes == """
                    no-then=INVALID
                    notice=PENDING
                    second=BUSY
                    receive=DONE
                    ended=FAILED finish=STALE send=STALE

                    """)
            #expect(try served.get("/ended/thread").text == "watched")
            #expect(
                try served.notes(until: "ended=D")
                    == "no-then=INVALID\nended-by-thread=PENDING\nended=DONE finish=STALE send=STALE\n")
        }
    }

    @Test("a scope that waits for nothing learns that the host ends it; a lifespan learns its end")
    func endedByHost() async throws {
        let held = try await self.serve { configuration in
            configuration.server.graceTime = 0
            configuration.cancelDelay = 0
        }
        try await withServedHost(held) { served in
            let client = try served.client()
            client.send("GET /ended/held HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try served.notes(until: "held=") == "no-then=INVALID\nheld=PENDING\n")
        }
        #expect(
            try String(contentsOfFile: "\(self.folder.path)/ends", encoding: .utf8)
                == "held=CANCELLED\nlifespan=DONE\n")
    }

    @Test("each timer that is pending when its lifespan ends completes once, however many there are")
    func timersOfLifespan() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/timers").text == "set")
        }
        let ends = try String(contentsOfFile: "\(self.folder.path)/ends", encoding: .utf8)
        let lines = ends.split(separator: "\n").sorted()
        #expect(lines == ["lifespan=DONE"] + Array(repeating: "timer=CANCELLED", count: 100))
    }

    @Test("a message of several lines is one message of the log")
    func lines() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/lines").text == "logged")
            await served.log.wait(
                for: "Traceback (most recent call last):\n  File \"x.py\", line 1\n2026-01-01 forged=1")
        }
    }

    @Test("well-known names of header fields have their own address, whatever their case; others have not")
    func names() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /names HTTP/1.1\r\nHost: x\r\nX-Own: 1\r\nCONTENT-TYPE: a\r\nContent-Typf: b\r\n\r\n")
            #expect(
                try client.readResponse().text == """
                    host known inside
                    x-own other outside
                    content-type known inside
                    content-typf other outside

                    """)
        }
    }

    @Test("upper-case letters in the names of a response are written in lower case, in trailers too")
    func upperCase() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /upper HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: close\r\n\r\n")
            let response = try client.readToEnd()
            #expect(response.contains("\r\nx-mixed-case: Value\r\ncontent-type: Text/Plain\r\n"))
            #expect(response.contains("\r\nx-trailer: Value\r\n"))
        }
    }
}
