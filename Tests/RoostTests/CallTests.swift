import Foundation
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost

/// Every call of the ABI, on the loop, on a thread, and after the scope's end, with the result that `asgi.h` specifies.
@Suite("Calls of the ABI")
struct CallTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
    }

    private func serve() async throws -> ServedHost {
        try await ServedHost(self.library, settings: "title: T\n", in: self.folder)
    }

    private static let late = [
        "late-alive=STALE", "late-receive=STALE", "late-send=STALE", "late-finish=STALE", "late-post=STALE",
        "late-spawn=STALE", "late-after=STALE", "late-cancel=STALE", "late-log=STALE", "late-setting=none",
        "late-extension=none",
    ]

    @Test("each call on the loop has the specified result")
    func onLoop() async throws {
        try await withServedHost(self.serve()) { served in
            let response = try served.get("/loop")
            #expect(response.status == 200)
            #expect(response.text == "done")
            let notes = try served.notes().split(separator: "\n").map(String.init)
            let expected =
                [
                    "alive=DONE", "log=DONE", "setting=there", "extension=there", "extension-missing=none", "current=0",
                    "after=PENDING", "cancel=DONE", "receive-small=INVALID",
                    "receive-null=INVALID", "receive=DONE", "received=request more=0 bytes=0",
                    "receive-no-then=WOULD_BLOCK",
                    "receive-waiting=PENDING", "receive-second=BUSY", "send-push=UNSUPPORTED",
                    "send-of-websocket=INVALID", "send-unknown=UNSUPPORTED", "send-null=INVALID",
                    "body-before-start=INVALID", "finish-pending=INVALID", "post=PENDING", "post-null=INVALID",
                    "start=DONE", "start-twice=INVALID", "body=DONE", "body-after=INVALID", "alive-complete=GONE",
                    "finish=DONE", "finish-twice=STALE", "returned",
                    // The completions run after `application` has returned, not inside `finish`.
                    "reported=CANCELLED on=loop id=own event=none", "reported=CANCELLED on=loop id=own event=none",
                    "post-reported=CANCELLED", "after-on-loop",
                ] + Self.late + ["end"]
            #expect(notes == expected)
            #expect(served.log.holding("from the loop").count == 1)
            #expect(
                served.log.holding("call refused", "event=http.response.body reason=the response has not started").count
                    == 1)
            #expect(served.log.holding("call refused", "call=send event=websocket.accept ").count == 1)
        }
    }

    @Test("a timer completes once, outside of calls: when it expires, is cancelled, or its scope ends")
    func timers() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/after").text == "after")
            #expect(
                try served.notes() == """
                    after=PENDING
                    timer-reported=DONE on=loop id=own event=none
                    after-long=PENDING
                    cancel=DONE
                    cancel-again=INVALID
                    cancel-none=INVALID
                    after-null=INVALID
                    after-longest=PENDING
                    finish=DONE
                    timer-reported=CANCELLED on=loop id=own event=none
                    timer-reported=CANCELLED on=loop id=own event=none
                    end

                    """)
        }
    }

    @Test("a job on the pool may block, respond and end its scope, whose memory stays until the job returns")
    func spawn() async throws {
        try await withServedHost(self.serve()) { served in
            for _ in 0..<20 {
                #expect(try served.get("/spawn").text == "from the pool")
                // The result of `spawn` may be noted after the job has started.
                let notes = try served.notes().split(separator: "\n").filter { $0 != "spawn=PENDING" }
                #expect(
                    notes == [
                        "job=DONE on=elsewhere id=own event=none", "receive-blocking=DONE", "finish=DONE",
                        "spawn-late=STALE",
                        "path=/spawn", "end",
                    ])
            }
        }
    }

    @Test("with one thread and a queue of one, a third job is FULL; a job not started at the scope's end is CANCELLED")
    func spawnFull() async throws {
        try await withServedHost(
            ServedHost(self.library, in: self.folder) {
                $0.blockingThreads = 1
                $0.blockingQueue = 1
            }
        ) { served throws in
            for _ in 0..<20 {
                #expect(try served.get("/spawn-full").text == "full")
                #expect(
                    try served.notes() == """
                        spawn=PENDING
                        spawn=PENDING
                        spawn=FULL
                        spawn-null=INVALID
                        finish=DONE
                        first=DONE on=elsewhere
                        behind=CANCELLED on=elsewhere
                        end

                        """)
            }
        }
    }

    @Test("timers can be set from a thread, and with the lifespan's id")
    func timersOfThreads() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/thread-after").text == "after")
            let notes = try served.notes().split(separator: "\n")
            #expect(
                notes.filter { $0.hasPrefix("after") } == ["after-long=PENDING", "after-long=PENDING", "after=PENDING"])
            #expect(notes.filter { $0.hasPrefix("cancel") } == ["cancel=DONE", "cancel-again=INVALID"])
            #expect(notes.filter { $0.hasPrefix("timer-reported=CANCELLED on=loop id=own") }.count == 2)
            #expect(notes.filter { $0.hasPrefix("timer-reported=DONE on=loop id=own") }.count == 1)
            #expect(try served.get("/lifespan-after").text == "ok")
            let lifespan = try served.notes().split(separator: "\n")
            #expect(lifespan.contains("cancel-of-another=INVALID") && lifespan.contains("cancel=DONE"))
            #expect(
                lifespan.filter { $0.hasPrefix("timer-reported=") }.sorted().map { $0.prefix(24) } == [
                    "timer-reported=CANCELLED", "timer-reported=DONE on=l",
                ])
        }
    }

    @Test("each call on a thread has the specified result")
    func onThread() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /thread HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody")
            let response = try client.readResponse()
            #expect(response.text == "from a thread")
            #expect(response.header("transfer-encoding") == "chunked")
            // Completions on the loop come at any point between the calls of the thread.
            let notes = try served.notes().split(separator: "\n").map(String.init)
            let reported = ["post-reported=DONE on=loop", "reported=DONE on=loop id=own event=disconnect"]
            let others = notes.filter { !reported.contains($0) && $0 != "reported=CANCELLED on=loop id=own event=none" }
            #expect(
                others == [
                    "alive=DONE", "log=DONE", "current=-1", "post=PENDING", "receive-blocking=DONE",
                    "received=request more=0 bytes=body", "receive=PENDING", "start=DONE", "body=DONE",
                    "body-last=DONE",
                    "finish=DONE", "after-on-thread",
                ] + Self.late + ["end"]
            )
            #expect(served.log.holding("from a thread").count == 1)
        }
    }

    @Test("misuse in a queued call is reported by the next call")
    func queuedMisuse() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/misuse").text == "mended")
            #expect(
                try served.notes().split(separator: "\n") == [
                    "body-before-start=DONE", "next-is-reported=INVALID", "answer=DONE", "finish=DONE", "end",
                ]
            )
        }
    }

    @Test("a completion outstanding at the scope's end gets CANCELLED, once, and not inside the call")
    func cancelled() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/cancelled").text == "ok")
            let notes = try served.notes(until: "post-reported").split(separator: "\n").map(String.init)
            #expect(
                notes == [
                    "receive=PENDING", "post=PENDING", "answer=DONE", "returning",
                    "reported=DONE on=loop id=own event=disconnect", "post-reported=CANCELLED on=loop",
                ]
            )
        }
    }

    @Test("a scope may outlive its response: the connection is kept, receive gives disconnect, the id stays valid")
    func outliving() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /outlive HTTP/1.1\r\nhost: x\r\n\r\nGET /outlived HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text == "first")
            #expect(try client.readResponse().text == "second")
            #expect(
                try served.notes(until: "outlive-late").split(separator: "\n") == [
                    "outlive-reported=DONE event=disconnect", "outlive-alive=GONE", "outlive-finish=DONE",
                    "outlive-late=STALE",
                ]
            )
        }
    }

    @Test("a stale id never reaches another request, even when its slot is reused")
    func staleIds() async throws {
        try await withServedHost(self.serve()) { served in
            _ = try served.get("/outlive")
            _ = try served.get("/outlived")
            // More requests than a chunk has slots, so the slot of the old id is reused.
            let client = try served.client()
            for _ in 0..<(ScopeTable.chunkSize + 10) {
                client.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try client.readResponse().status == 200)
            }
            _ = try served.notes(until: "outlive-late")
            #expect(try served.get("/old-id").text == "still here")
            #expect(try served.notes(until: "old-id").contains("old-id=STALE"))
        }
    }

    @Test("work without a request runs on a loop, with the lifespan's id")
    func lifespanPost() async throws {
        try await withServedHost(self.serve()) { served in
            _ = try served.get("/lifespan-post")
            var notes = ""
            while notes.components(separatedBy: "post-reported=DONE").count < 3 { notes += try served.get("/log").text }
            #expect(notes.contains("lifespan-alive=DONE"))
            #expect(
                notes.contains(
                    "lifespan-post=PENDING\nloop-post=PENDING\nloop-post-none=INVALID\nloop-post-request=INVALID"))
        }
    }

    @Test("when the client disconnects, every receive gives disconnect, and send GONE")
    func clientLeaves() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try served.notes(until: "receive").contains("receive=PENDING"))
            // A reset, because a client that half-closes may still read.
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(client.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
            client.close()
            #expect(
                try served.notes().split(separator: "\n") == [
                    "wait-reported=DONE event=disconnect", "alive-gone=GONE", "receive-again=DONE", "send-gone=GONE",
                    "finish=DONE", "end",
                ]
            )
            #expect(served.log.holding("error").isEmpty)
        }
    }

    @Test("a scope and its strings stay valid until the last completion returns, even during the next request")
    func stringsStay() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send(
                "GET /path-of-the-first-request HTTP/1.1\r\nhost: x\r\n\r\nGET /state?xxxxxxxxxxxxxxxxxxxx HTTP/1.1\r\nhost: x\r\n\r\n"
            )
            #expect(try client.readResponse().text == "first")
            #expect(try client.readResponse().status == 200)
            #expect(try served.notes(until: "path=") == "path=/path-of-the-first-request result=CANCELLED\n")
        }
    }

    @Test("an event stays valid while its completion runs, even if the completion calls receive")
    func eventStays() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /kept HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
            // The receive is PENDING once 100 Continue has arrived.
            #expect(try client.readResponse().status == 100)
            client.send("abc")
            #expect(try client.readResponse().text == "kept")
            #expect(try served.notes(until: "kept=").contains("kept=request result=DONE again=WOULD_BLOCK"))
        }
    }

    @Test("release may end the scope; a completion caused by that does not run inside the call")
    func finishInRelease() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /release-finish HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try client.readToEnd()
            #expect(try served.notes(until: "reported=") == "finish-in-release=DONE\nreported=CANCELLED depth=0\n")
        }
    }

    @Test("data sent from a thread is not lost when application returns before the loop has processed it")
    func overtaking() async throws {
        try await withServedHost(self.serve()) { served throws in
            #expect(try served.get("/overtake").text == "from the thread")
        }
    }
}
