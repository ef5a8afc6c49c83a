import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// The results that `asgi.h` requires of a host when a module breaks the rules, or does something allowed but rare.
/// Misbehave.c does it, and checks every completion and every release itself: "TOLD ..." in the notes is a fault of the
/// host.
@Suite("Misbehaving modules")
struct MisbehaviourTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func compile(_ flags: [String] = []) throws -> String {
        try Fixture.compile(
            file: "\(Repository.root)/Tests/ABI/Misbehave.c", named: "misbehave",
            flags: ["-I", "\(Repository.root)/Tests/Fixtures"] + flags, in: self.folder)
    }

    // MARK: The cases

    enum Kind: String, Sendable {
        case request
        case socket
    }

    /// What the client does after its request.
    enum Step: Sendable {
        /// Waits until the module has noted this text.
        case wait(String)
        /// Sends a part of the request body, which has six bytes; or a text message.
        case send(String)
        /// Sends so many chunks or messages, each after the previous one was acknowledged.
        case sendInTurn(Int)
        case reset
    }

    /// The response to the client.
    enum Answer: Equatable, Sendable {
        case text(String)
        case status(Int)
        /// The connection was closed before the response was complete.
        case cut
        case messages([String], code: Int)
        case notLookedAt
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var kinds: [Kind] = [.request, .socket]
        var method = "GET"
        /// The numbers of loops; the case runs once with each.
        var loops = [1, 2]
        var steps: [Step] = []
        var request = Answer.text("answer")
        var socket = Answer.messages(["answer"], code: 1000)
        /// Lines that the log must contain, each as the texts that are in it.
        var logged: [[String]] = []
        var notes: String

        var testDescription: String { "\(self.name) \(self.kinds.map(\.rawValue))" }
    }

    /// The size in bytes of a body that is compared as "mountain".
    private static let mountain = 64 << 20
    private static let acknowledged = String(repeating: "#", count: 201)
    private static let released = [String](repeating: "x", count: 100) + ["y"]

    static let cases: [Case] = [
        // 1: a stale id, after the client has disconnected: STALE for every call on a thread and on the loop.
        Case(
            name: "gone", steps: [.wait("waiting\n"), .reset], request: .notLookedAt, socket: .notLookedAt,
            notes: """
                waiting
                alive=GONE
                receive=DONE
                event=disconnect
                receive=DONE
                event=disconnect
                send=GONE
                finish=DONE
                on a thread: 23 stale, 2 NULL
                on the loop: 23 stale, 2 NULL
                """),

        // 2: `finish` twice.
        Case(
            name: "finish-twice",
            notes: """
                answer=DONE
                finish=DONE
                finish-again=STALE
                finish-failed=STALE
                """),
        Case(
            name: "finish-twice-on-thread",
            notes: """
                answer=DONE
                finish=DONE
                finish-again=STALE
                finish-failed=STALE
                """),

        // 3: `finish` inside a completion, with completions of every kind outstanding: each is cancelled once.
        Case(
            name: "finish-in-post", request: .status(500), socket: .messages([], code: 1000),
            notes: """
                reported=DONE
                receive=PENDING
                post=PENDING
                after=PENDING
                loop.after=PENDING
                loop.watch=PENDING
                finish=DONE
                reported receive CANCELLED 1
                reported post DONE 1
                reported post CANCELLED 1
                reported after CANCELLED 2
                reported watch CANCELLED 1
                """),
        Case(
            name: "finish-in-after", request: .status(500), socket: .messages([], code: 1000),
            notes: """
                reported=DONE
                receive=PENDING
                post=PENDING
                after=PENDING
                loop.after=PENDING
                loop.watch=PENDING
                finish=DONE
                reported receive CANCELLED 1
                reported post CANCELLED 1
                reported after DONE 1
                reported after CANCELLED 2
                reported watch CANCELLED 1
                """),
        // In a job on the pool: a post from before the end also runs before the end on the loop.
        Case(
            name: "finish-in-job", request: .status(500), socket: .messages([], code: 1000),
            notes: """
                reported=DONE
                receive=PENDING
                post=PENDING
                after=PENDING
                loop.after=PENDING
                loop.watch=PENDING
                finish=DONE
                reported receive CANCELLED 1
                reported post DONE 1
                reported after CANCELLED 2
                reported watch CANCELLED 1
                reported job DONE 1
                """),
        Case(
            name: "finish-in-receive", steps: [.wait("waiting\n"), .send("par")], request: .status(500),
            socket: .messages([], code: 1000),
            notes: """
                receive-first=PENDING
                waiting
                reported=DONE
                receive=PENDING
                post=PENDING
                after=PENDING
                loop.after=PENDING
                loop.watch=PENDING
                finish=DONE
                reported receive DONE 1
                reported receive CANCELLED 1
                reported post CANCELLED 1
                reported after CANCELLED 2
                reported watch CANCELLED 1
                """),

        // 4: `finish` before `application` returns: PENDING is correct then; other results are ignored and logged.
        Case(
            name: "early-pending",
            notes: """
                answer=DONE
                finish=DONE
                returning PENDING
                """),
        Case(
            name: "early-done", logged: [["result ignored", "result=ASGI_DONE"]],
            notes: """
                answer=DONE
                finish=DONE
                returning DONE
                """),
        Case(
            name: "early-failed",
            logged: [["result ignored", "result=ASGI_FAILED"]],
            notes: """
                answer=DONE
                finish=DONE
                returning FAILED
                """),
        Case(
            name: "early-pending-on-thread",
            notes: """
                answer=DONE
                finish=DONE
                returning PENDING
                """),
        Case(
            name: "early-done-on-thread",
            logged: [["result ignored", "result=ASGI_DONE"]],
            notes: """
                answer=DONE
                finish=DONE
                returning DONE
                """),
        Case(
            name: "early-failed-on-thread",
            logged: [["result ignored", "result=ASGI_FAILED"]],
            notes: """
                answer=DONE
                finish=DONE
                returning FAILED
                """),

        // 5: events out of order: refused with a log line that names event and state, and not sent.
        Case(
            name: "order", kinds: [.request],
            logged: [
                ["call refused", "event=http.response.body reason=the response has not started"],
                ["call refused", "event=websocket.accept reason=this scope is an http scope"],
                ["call refused", "event=lifespan.startup.complete reason=this scope is an http scope"],
                ["call refused", "event=http.response.start reason=the response has already started"],
                ["call refused", "event=http.response reason=the response is already complete"],
            ],
            notes: """
                body-first=INVALID
                of-a-socket=INVALID
                of-a-lifespan=INVALID
                status-199=INVALID
                status-1000=INVALID
                split-name=INVALID
                split-value=INVALID
                no-name=INVALID
                length-no-number=INVALID
                start=DONE
                start-twice=INVALID
                whole-after-start=INVALID
                part=DONE
                start-after-part=INVALID
                too-long=INVALID
                too-short=INVALID
                last=DONE
                part-after-last=INVALID
                whole-after-last=INVALID
                finish=DONE
                """),
        Case(
            name: "order", kinds: [.socket], socket: .messages(["answer"], code: 4000),
            logged: [
                ["call refused", "event=websocket.send reason=the WebSocket is not accepted yet"],
                ["call refused", "event=http.response.start reason=this scope is a websocket scope"],
                ["call refused", "event=websocket.accept reason=the WebSocket is already accepted"],
                ["call refused", "event=websocket.send reason=a text message is not UTF-8"],
            ],
            notes: """
                send-first=INVALID
                rejected-body-first=INVALID
                of-a-request=INVALID
                of-a-lifespan=INVALID
                split-value=INVALID
                accept=DONE
                accept-twice=INVALID
                rejected-late=INVALID
                not-utf8=INVALID
                send=DONE
                close-1005=INVALID
                close=DONE
                close-twice=GONE
                send-closed=GONE
                finish=DONE
                """),
        // The loop detects the misuse, and the next call reports it.
        Case(
            name: "order-on-thread", logged: [["call refused", "reason=the "]],
            notes: """
                too-early=DONE
                next=INVALID
                again=DONE
                answer=DONE
                finish=DONE
                reported post DONE 1
                """),

        // 6: two receives at once.
        Case(
            name: "busy", steps: [.wait("waiting\n"), .send("answer")],
            notes: """
                receive=PENDING
                receive-second=BUSY
                receive-now=BUSY
                waiting
                reported=DONE
                body='answer'
                answer=DONE
                finish=DONE
                reported receive DONE 1
                """),
        // On a thread `receive` returns PENDING; its completion gets BUSY.
        Case(
            name: "busy-on-thread", steps: [.wait("waiting\n"), .send("answer")],
            notes: """
                receive=PENDING
                receive-second=PENDING
                receive-now=BUSY
                waiting
                reported=DONE
                body='answer'
                answer=DONE
                finish=DONE
                reported receive DONE 1
                reported receive BUSY 1
                """),

        // 8: the loop is blocked: another client waits, and the log names the module.
        Case(
            name: "block", loops: [1], logged: [["event loop blocked", "application=misbehave loop=0 time="]],
            notes: """
                other=waits
                answer=DONE
                other=HTTP/1.1 200
                """),

        // 9: `finish` while a send is outstanding because the client does not read: the send is cancelled once.
        // Accepted data is written nevertheless.
        Case(
            name: "outstanding-part", steps: [.wait("finish=DONE\n")], request: .cut,
            socket: .messages(["mountain"], code: 1000),
            notes: """
                send=PENDING
                finish=DONE
                reported send CANCELLED 1
                reported release DONE 1
                """),
        Case(
            name: "outstanding-whole", steps: [.wait("finish=DONE\n")], request: .text("mountain"),
            socket: .messages(["mountain"], code: 1000),
            notes: """
                send=PENDING
                finish=DONE
                reported send CANCELLED 1
                reported release DONE 1
                """),
        Case(
            name: "outstanding-on-thread", steps: [.wait("finish=DONE\n")], request: .text("mountain"),
            socket: .messages(["mountain"], code: 1000),
            notes: """
                send=PENDING
                finish=DONE
                reported send CANCELLED 1
                reported release DONE 1
                """),

        // 10: completions that call again: none runs inside another.
        Case(
            name: "chain-post",
            notes: """
                answer=DONE
                finish=DONE
                reported post DONE 1000
                """),
        Case(
            name: "chain-after",
            notes: """
                answer=DONE
                finish=DONE
                reported after DONE 100
                """),
        // The end of the body is an event of its own.
        Case(
            name: "chain-receive", kinds: [.request], steps: [.wait("waiting\n"), .sendInTurn(200)],
            request: .text(acknowledged),
            notes: """
                receive=PENDING
                waiting
                bytes=200
                last=DONE
                finish=DONE
                reported receive DONE 201
                """),
        Case(
            name: "chain-receive", kinds: [.socket], steps: [.wait("waiting\n"), .sendInTurn(200)],
            socket: .messages([], code: 1000),
            notes: """
                receive=PENDING
                waiting
                bytes=200
                last=DONE
                finish=DONE
                reported receive DONE 200
                """),
        Case(
            name: "chain-release", request: .text(released.joined()), socket: .messages(released, code: 1000),
            notes: """
                last=DONE
                finish=DONE
                reported release DONE 100
                """),

        // 11: structs of other sizes. Of a larger struct the host uses the fields that it knows, and fills the rest
        // with zero. A smaller struct is read as if zeros followed, and never written past its end.
        Case(
            name: "sizes", kinds: [.request], request: .text("sized"),
            logged: [["call refused", "event=http.response.start reason=the status is not between 200 and 999"]],
            notes: """
                receive-nothing=INVALID
                receive-0=INVALID
                receive-4=INVALID
                receive-7=INVALID
                send-nothing=INVALID
                send-0=INVALID
                send-4=INVALID
                send-7=INVALID
                receive-small=DONE
                receive-small event=request
                start-without-status=INVALID
                start-small=DONE
                part-later=DONE
                part-small=DONE
                last-small=DONE
                receive-middle=DONE
                receive-middle event=disconnect
                code=0
                receive-later=DONE
                receive-later event=disconnect
                code=0 zero=64
                finish=DONE
                """),
        Case(
            name: "sizes", kinds: [.socket], socket: .messages(["sized", ""], code: 1000),
            notes: """
                receive-nothing=INVALID
                receive-0=INVALID
                receive-4=INVALID
                receive-7=INVALID
                send-nothing=INVALID
                send-0=INVALID
                send-4=INVALID
                send-7=INVALID
                receive-small=DONE
                receive-small event=connect
                accept-small=DONE
                send-later=DONE
                send-small=DONE
                close-small=DONE
                receive-middle=DONE
                receive-middle event=disconnect
                code=1000
                receive-later=DONE
                receive-later event=disconnect
                code=1000 zero=64
                finish=DONE
                """),
        Case(
            name: "sizes-on-thread", kinds: [.request], request: .text("sized"),
            notes: """
                receive-nothing=INVALID
                receive-0=INVALID
                receive-4=INVALID
                receive-7=INVALID
                send-nothing=INVALID
                send-0=INVALID
                send-4=INVALID
                send-7=INVALID
                receive-small=DONE
                receive-small event=request
                start-small=DONE
                part-later=DONE
                part-small=DONE
                last-small=DONE
                receive-middle=DONE
                receive-middle event=disconnect
                code=0
                receive-later=DONE
                receive-later event=disconnect
                code=0 zero=64
                finish=DONE
                """),
        Case(
            name: "sizes-on-thread", kinds: [.socket], socket: .messages(["sized", ""], code: 1000),
            notes: """
                receive-nothing=INVALID
                receive-0=INVALID
                receive-4=INVALID
                receive-7=INVALID
                send-nothing=INVALID
                send-0=INVALID
                send-4=INVALID
                send-7=INVALID
                receive-small=DONE
                receive-small event=connect
                accept-small=DONE
                send-later=DONE
                send-small=DONE
                close-small=DONE
                receive-middle=DONE
                receive-middle event=disconnect
                code=1000
                receive-later=DONE
                receive-later event=disconnect
                code=1000 zero=64
                finish=DONE
                """),

        // 11: unknown types and flags; the data that such an event lends is not released.
        Case(
            name: "unknown", kinds: [.request],
            notes: """
                type 0=UNSUPPORTED
                type 99=UNSUPPORTED
                type 9999=UNSUPPORTED
                type ffffffff=UNSUPPORTED
                whole-flags=UNSUPPORTED
                start-flags=UNSUPPORTED
                body-flags=UNSUPPORTED
                answer=DONE
                finish=DONE
                """),
        Case(
            name: "unknown", kinds: [.socket],
            notes: """
                type 0=UNSUPPORTED
                type 99=UNSUPPORTED
                type 9999=UNSUPPORTED
                type ffffffff=UNSUPPORTED
                send-flags=UNSUPPORTED
                send-flags=UNSUPPORTED
                close-flags=UNSUPPORTED
                answer=DONE
                finish=DONE
                """),
        Case(
            name: "unknown-on-thread", kinds: [.request],
            notes: """
                type 0=UNSUPPORTED
                type 99=UNSUPPORTED
                type 9999=UNSUPPORTED
                type ffffffff=UNSUPPORTED
                whole-flags=UNSUPPORTED
                start-flags=UNSUPPORTED
                body-flags=UNSUPPORTED
                answer=DONE
                finish=DONE
                """),
        Case(
            name: "unknown-on-thread", kinds: [.socket],
            notes: """
                type 0=UNSUPPORTED
                type 99=UNSUPPORTED
                type 9999=UNSUPPORTED
                type ffffffff=UNSUPPORTED
                send-flags=UNSUPPORTED
                send-flags=UNSUPPORTED
                close-flags=UNSUPPORTED
                answer=DONE
                finish=DONE
                """),

        // 12: lent data: never released if the event is refused; released once, in every case, if it is accepted.
        Case(
            name: "release-refused", kinds: [.request],
            notes: """
                body-first=INVALID
                of-another-scope=INVALID
                answer=DONE
                after-last=INVALID
                finish=DONE
                stale=STALE
                stale-on-a-thread=STALE
                """),
        Case(
            name: "release-refused", kinds: [.socket],
            notes: """
                of-another-scope=INVALID
                accept-twice=INVALID
                answer=DONE
                finish=DONE
                stale=STALE
                stale-on-a-thread=STALE
                """),
        Case(
            name: "release-taken", request: .text("abc"), socket: .messages(["a", "", "b", "c"], code: 1000),
            notes: """
                first=DONE
                part=DONE
                part=DONE
                part=DONE
                last=DONE
                finish=DONE
                reported release DONE 5
                """),
        Case(
            name: "release-taken", kinds: [.request], method: "HEAD", request: .text(""),
            notes: """
                first=DONE
                part=DONE
                part=DONE
                part=DONE
                last=DONE
                finish=DONE
                reported release DONE 5
                """),
        Case(
            name: "release-taken-on-thread", request: .text("abc"),
            socket: .messages(["a", "", "b", "c"], code: 1000),
            notes: """
                first=DONE
                part=DONE
                part=DONE
                part=DONE
                last=DONE
                finish=DONE
                reported release DONE 5
                """),
        // Accepted from a thread, then refused by the loop.
        Case(
            name: "release-misuse", kinds: [.request],
            notes: """
                too-early=DONE
                next=INVALID
                answer=DONE
                finish=DONE
                reported post DONE 1
                reported release DONE 1
                """),
        Case(
            name: "release-misuse", kinds: [.socket],
            notes: """
                too-early=DONE
                next=INVALID
                accept=DONE
                answer=DONE
                finish=DONE
                reported post DONE 1
                reported release DONE 1
                """),
        // The number of sends accepted before FULL is up to the host.
        Case(
            name: "release-full", request: .cut, socket: .notLookedAt,
            notes: """
                filled=FULL
                finish=DONE
                reported send
                reported release
                """),
        Case(
            name: "release-full-on-thread", request: .cut, socket: .notLookedAt,
            notes: """
                filled=FULL
                finish=DONE
                reported send
                reported release
                """),
        // The scope ends before the data was written, then the client disconnects.
        Case(
            name: "release-leaving", steps: [.wait("finish=DONE\n"), .reset], request: .notLookedAt,
            socket: .notLookedAt,
            notes: """
                send=PENDING
                finish=DONE
                reported send CANCELLED 1
                reported release DONE 1
                """),

        // 13: numbers that are not results.
        Case(
            name: "results",
            notes: """
                finish-pending=INVALID
                finish-2=INVALID
                finish-most=INVALID
                alive=DONE
                answer=DONE
                finish=DONE
                """),
        // A negative number that this host does not know: "it raised".
        Case(
            name: "finish-unknown", socket: .messages(["answer"], code: 1011),
            logged: [["application failed", "result=-1000"]],
            notes: """
                answer=DONE
                finish=DONE
                """),
        Case(
            name: "returns-unknown", socket: .messages(["answer"], code: 1011),
            logged: [["application failed", "result=-1000"]],
            notes: """
                answer=DONE
                over
                """),
        // Observed behaviour: 2 and 3, neither PENDING nor negative, count as DONE.
        Case(
            name: "returns-2",
            notes: """
                answer=DONE
                over
                """),
        Case(
            name: "returns-3", request: .status(500), socket: .messages([], code: 1000),
            notes: """
                over
                """),

        // 14: ids that never existed: 100,000 calls of 25 functions, two of which return a pointer; on the loop and on a
        // thread.
        Case(
            name: "ids",
            notes: """
                on the loop: 92000 stale, 8000 NULL
                on a thread: 92000 stale, 8000 NULL
                answer=DONE
                finish=DONE
                """),
    ]

    /// The maximum number of loops: a debug build of the host has only one.
    #if DEBUG
        private static let maxLoops = 1
    #else
        private static let maxLoops = 2
    #endif

    @Test("the host handles misuse as asgi.h specifies", arguments: Self.cases)
    func outcome(_ one: Case) async throws {
        let library = try self.compile()
        for kind in one.kinds {
            for loops in one.loops where loops <= Self.maxLoops {
                try await withServedHost(ServedHost(library, in: try TemporaryFolder()) { $0.threads = loops }) {
                    served in
                    let (notes, answer) = try Client(port: served.port).play(one, kind)
                    let comment: Comment = "\(kind.rawValue), \(loops) loops"
                    #expect(notes == one.notes + "\nend\n", comment)
                    let expected = kind == .socket ? one.socket : one.request
                    if expected != .notLookedAt { #expect(answer == expected, comment) }
                    for parts in one.logged {
                        let found = served.log.all.contains { line in parts.allSatisfy { line.contains($0) } }
                        #expect(found, "\(parts) \(comment)")
                    }
                    // For every INVALID: "the host's log says why".
                    let refused = notes.components(separatedBy: "=INVALID\n").count - 1
                    let complaints = served.log.all.count { $0.hasPrefix("error ") || $0.hasPrefix("warning ") }
                    #expect(complaints >= refused, comment)
                    // Nothing is noted after the end.
                    #expect(try served.get("/log").text == "", comment)
                }
            }
        }
    }

    // MARK: Cases outside of the table

    @Test(
        "7: a scope that never ends is cancelled at the graceful shutdown timeout, and counted",
        arguments: ["never", "never-silent"], [Kind.request, .socket])
    func never(name: String, kind: Kind) async throws {
        try await withServedHost(ServedHost(try self.compile(), in: self.folder)) { served in
            let client = try served.client()
            if kind == .socket {
                #expect(try client.openWebSocket("/ws-\(name)").status == 101)
                #expect(try client.readFrame() == .text("answer"))
            } else {
                client.send("GET /\(name) HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == "answer")
            }
            #expect(try served.notes(until: "waiting\n").contains("answer=DONE"))
            try await served.stop()
            if kind == .socket { #expect(try client.readNonPingFrame()?.code == 1012) }
            #expect(served.log.holding("unfinished requests cancelled", "count=1").count == 1)
            guard name == "never" else { return }
            #expect(served.log.holding("never ended: receive reported DONE disconnect").count == 1)
            #expect(served.log.holding("never ended: after reported CANCELLED").count == 1)
            #expect(served.log.holding("never ended: ").count == 2)
        }
    }

    @Test(
        "12: threads lend data while another ends the scope: accepted data is released once",
        arguments: 1...Self.maxLoops)
    func releaseRace(loops: Int) async throws {
        try await withServedHost(ServedHost(try self.compile(), in: self.folder) { $0.threads = loops }) { served in
            let race = Case(name: "release-race", notes: "")
            for _ in 0..<50 {
                for kind in race.kinds {
                    let (notes, _) = try Client(port: served.port).play(race, kind)
                    // Whether a send had to wait is random.
                    #expect(notes.replacingOccurrences(of: "reported send\n", with: "") == "reported release\nend\n")
                }
            }
        }
    }

    @Test("14: 0 is never an id, and strings at NULL are refused", arguments: ["zero", "nulls"], [false, true])
    func inItsOwnProcess(name: String, withLifespan: Bool) throws {
        // In a process of its own: ids count from the start of the process, and a crash of the host affects no other
        // test. The lifespan is off, or has ended because the module has none.
        let library = try self.compile(["-DNO_LIFESPAN"])
        let arguments = ["--port", "0", "--no-access-log", "--lifespan", withLifespan ? "auto" : "off"]
        let roost = try RoostProcess([library] + arguments, folder: self.folder.path)
        for kind in [Kind.request, .socket] {
            let one = Case(name: name, notes: "")
            let (notes, answer) = try Client(port: roost.port).play(one, kind)
            let first =
                switch (name, kind) {
                case ("zero", _): "on the loop: 23 stale, 2 NULL\non a thread: 23 stale, 2 NULL\n"
                case (_, .request): "body=INVALID\nname=INVALID\nvalue=INVALID\n"
                case (_, .socket): "body=INVALID\nreason=INVALID\n"
                }
            #expect(notes == first + "answer=DONE\nfinish=DONE\nend\n")
            #expect(answer == (kind == .socket ? one.socket : one.request))
        }
        #expect(roost.stop() == 0)
    }

    @Test(
        "15: four threads post, spawn, set, move and cancel timers while their scope ends; each completion comes once",
        arguments: 1...Self.maxLoops)
    func flood(loops: Int) async throws {
        try await withServedHost(ServedHost(try self.compile(), in: self.folder) { $0.threads = loops }) { served in
            let client = try served.client()
            for _ in 0..<1000 {
                client.send("GET /flood HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().text == "answer")
            }
            for _ in 0..<200 {
                let socket = try served.client()
                #expect(try socket.openWebSocket("/ws-flood").status == 101)
                #expect(try socket.readFrame() == .text("answer"))
                #expect(try socket.readFrame()?.code == 1000)
                socket.send(.close(1000))
            }
            #expect(try served.get("/flooded").text == "answer")
            #expect(
                try served.notes() == """
                    floods=1200 lost=0 twice=0 otherwise=0 elsewhere=0 inside=0 not-stale=0
                    answer=DONE
                    finish=DONE
                    reported post DONE 2
                    end

                    """)
        }
    }

    // MARK: The client

    /// A client of the server at a port, which also fetches the module's notes.
    private struct Client {
        let port: Int

        private func moreNotes() throws -> String {
            let client = try RawClient(port: self.port)
            client.send("GET /log HTTP/1.1\r\nhost: x\r\n\r\n")
            return try client.readResponse().text
        }

        /// Runs a case to its end, and returns the module's notes and the client's response.
        func play(_ one: Case, _ kind: Kind) throws -> (notes: String, answer: Answer) {
            let client = try RawClient(port: self.port)
            try self.ask(client, one, kind)
            var notes = ""
            var answer: Answer?
            for step in one.steps {
                switch step {
                case .wait(let text):
                    // A failing case may end earlier.
                    while !notes.contains(text), !notes.contains("end\n") { notes += try self.moreNotes() }
                case .send(let text):
                    if kind == .socket { client.send(.text(text)) } else { client.send(text) }
                case .sendInTurn(let count): try self.sendInTurn(count, client, kind)
                case .reset:
                    client.reset()
                    answer = .notLookedAt
                }
            }
            let seen = try answer ?? (kind == .socket ? self.messages(client) : self.response(client, one))
            while !notes.contains("end\n") { notes += try self.moreNotes() }
            return (notes, seen)
        }

        private func ask(_ client: RawClient, _ one: Case, _ kind: Kind) throws {
            guard kind == .request else {
                #expect(try client.openWebSocket("/ws-\(one.name)").status == 101)
                return
            }
            var body = ""
            for step in one.steps {
                switch step {
                case .send: body = "content-length: 6\r\n"
                case .sendInTurn: body = "transfer-encoding: chunked\r\n"
                case .wait, .reset: break
                }
            }
            let method = body.isEmpty ? one.method : "POST"
            client.send("\(method) /\(one.name) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\(body)\r\n")
        }

        private func sendInTurn(_ count: Int, _ client: RawClient, _ kind: Kind) throws {
            for number in 1...count {
                if kind == .socket {
                    client.send(.text("b"))
                    #expect(try client.readFrame() == .text("#"))
                } else {
                    client.send("1\r\nb\r\n")
                    while client.received.count(where: { $0 == UInt8(ascii: "#") }) < number {
                        guard try client.readMore() else { throw RawClient.Failure.ended(soFar: client.text) }
                    }
                }
            }
            if kind == .request { client.send("0\r\n\r\n") }
        }

        private func response(_ client: RawClient, _ one: Case) throws -> Answer {
            do {
                let response = try client.readResponse(isHead: one.method == "HEAD")
                guard response.status == 200 else { return .status(response.status) }
                return .text(response.body.count == MisbehaviourTests.mountain ? "mountain" : response.text)
            } catch RawClient.Failure.ended { return .cut }
        }

        /// Reads all messages and the code of the close frame, and answers that.
        private func messages(_ client: RawClient) throws -> Answer {
            var texts: [String] = []
            var code = 0
            while let frame = try client.readFrame() {
                if frame.opcode == 8 {
                    code = frame.code ?? 0
                    client.send(.close(code))
                } else {
                    texts.append(frame.payload.count == MisbehaviourTests.mountain ? "mountain" : frame.text)
                }
            }
            return .messages(texts, code: code)
        }
    }
}
