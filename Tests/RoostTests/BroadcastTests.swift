import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// `asgi.broadcast/1`: groups of WebSockets, and the Chat module, which uses them.
@Suite("asgi.broadcast/1")
struct BroadcastTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(_ configure: (inout HostConfiguration) -> Void = { _ in }) async throws -> ServedHost {
        let library = try Fixture.compile(file: Repository.fixture("Groups.c"), named: "groups", in: self.folder)
        return try await ServedHost(library, in: self.folder, configure: configure)
    }

    private func join(_ served: ServedHost, _ group: String) throws -> RawClient {
        let client = try served.client()
        #expect(try client.openWebSocket("/\(group)").status == 101)
        // The pong shows that the WebSocket has joined: later messages to the group reach it.
        client.send(WebSocketFrame(9))
        #expect(try client.readFrame() == WebSocketFrame(10))
        return client
    }

    @Test("a message reaches all members of its group, or all but its sender, and no other WebSocket")
    func members() async throws {
        try await withServedHost(self.serve()) { served in
            let (ada, grace, other) = (
                try self.join(served, "g"), try self.join(served, "g"), try self.join(served, "other")
            )
            ada.send(.text("all héllo"))
            for client in [ada, grace] { #expect(try client.readFrame() == .text("héllo")) }
            ada.send(.text("others you"))
            #expect(try grace.readFrame() == .text("you"))
            grace.send(.text("leave"))
            grace.send(WebSocketFrame(9))
            #expect(try grace.readFrame() == WebSocketFrame(10))
            ada.send(.text("all alone"))
            #expect(try ada.readFrame() == .text("alone"))
            other.send(.text("all ours"))
            #expect(try other.readFrame() == .text("ours"))
            grace.send(WebSocketFrame(9, [1]))
            #expect(try grace.readFrame() == WebSocketFrame(10, [1]))
            // A disconnected client is not a member: nothing is sent to it, or to the next WebSocket in its slot.
            ada.reset()
            #expect(try served.notes(until: "gone 1006").contains("join=DONE"))
        }
    }

    @Test("messages sent from a thread reach every member in order")
    func thread() async throws {
        try await withServedHost(self.serve()) { served in
            let clients = try (0..<20).map { _ in try self.join(served, "g") }
            #expect(try served.get("/thread").status == 200)
            for client in clients {
                for number in 0..<100 { #expect(try client.readFrame() == .text(String(format: "%02d", number))) }
            }
        }
    }

    @Test("a member that does not read is closed instead of missing a message; the others get all messages")
    func slow() async throws {
        try await withServedHost(
            self.serve {
                $0.server.writeTime = 1
                $0.server.writeLimit = 256 << 10
            }
        ) { served in
            let slow = try self.join(served, "g")
            let fast = try self.join(served, "g")
            let words = String(repeating: "x", count: 60 << 10)
            var rounds = 0
            while served.log.holding("slow group member closed").isEmpty, rounds < 2000 {
                fast.send(.text("all \(words)"))
                #expect(try fast.readFrame()?.payload.count == words.utf8.count)
                rounds += 1
            }
            #expect(1..<2000 ~= rounds)
            #expect(slow.waitForDisconnect(seconds: 60))
            #expect(try served.notes(until: "gone").contains("gone 1013"))
        }
    }

    @Test("a thread that sends faster than the loops deliver gets PENDING, then FULL; completions come once")
    func held() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/held").text == "held")
            let notes = try served.notes(until: "reported")
            try await served.stop()
            // 100 KiB each; the high-water mark is 64 KiB, the limit 1 MiB.
            #expect(notes.components(separatedBy: "send=PENDING").count - 1 == 11)
            #expect(notes.contains("send=FULL"))
            #expect(notes.components(separatedBy: "reported=DONE").count - 1 == 11)
        }
    }

    @Test("invalid joins and sends are refused, and the number of groups is limited")
    func rules() async throws {
        try await withServedHost(self.serve { $0.groups = 3 }) { served in
            _ = try served.get("/rules")
            #expect(
                try served.notes() == """
                    limit=3
                    join-http=INVALID
                    join-none=INVALID
                    join-long=INVALID
                    join-stale=STALE
                    send-other=INVALID
                    send-null=INVALID
                    send-flags=INVALID
                    send-not-utf8=INVALID
                    send-nobody=DONE
                    end

                    """)
            #expect(try served.client().openWebSocket("/many").status == 500)
            #expect(
                try served.notes() == """
                    join=DONE
                    join=FULL
                    join-known=DONE
                    leave=DONE
                    leave-again=DONE
                    join-after-leave=DONE
                    end

                    """)
        }
    }

    @Test("the Chat module restores a saved state; of a truncated one it keeps no room")
    func chatMemory() throws {
        let program = """
            #include "Chat.h"
            #include "Memory.h"
            #include "Room.h"
            #include <stdio.h>
            #include <string.h>
            static int rooms;
            static void count(const room *r, void *context) { (void)r, (void)context, rooms++; }
            static int rooms_now(void) { rooms = 0; rooms_each(count, NULL); return rooms; }
            int main(void)
            {
                asgi_saved saved = {sizeof saved}, part;
                char bytes[4096];
                size_t size;
                room_recall(room_named(asgi_text("tea")), asgi_text("one"));
                room_recall(room_named(asgi_text("rum")), asgi_text("two"));
                if (chat_state.save(0, NULL, &saved) != ASGI_DONE || saved.bytes.size > sizeof bytes) return 1;
                memcpy(bytes, saved.bytes.data, size = saved.bytes.size);
                saved.release(saved.release_context);
                saved.bytes.data = bytes;
                rooms_forget();
                if (rooms_now() != 0) return 2;
                for (part = saved, part.bytes.size = 1; part.bytes.size < size; part.bytes.size++) {
                    int is_half = part.bytes.size == size / 2;
                    asgi_result result = chat_state.restore(0, NULL, &part);
                    if (result != (is_half ? ASGI_DONE : ASGI_FAILED) || rooms_now() != is_half) return 3;
                    rooms_forget();
                }
                if (chat_state.restore(0, NULL, &saved) != ASGI_DONE || rooms_now() != 2) return 4;
                return 0;
            }
            """
        let chat = "\(Repository.root)/Plugins/Chat"
        let source = try self.folder.write("memory.c", program)
        let built = "\(self.folder.path)/memory"
        let compiled = try Command.run(
            ["gcc", "-std=gnu11", "-Wall", "-Werror", "-pthread", "-fsanitize=address,undefined", "-o", built, source]
                + ["Memory", "Room", "Text"].map { "\(chat)/\($0).c" }
                + ["-I", chat, "-I", "\(Repository.root)/Sources/CASGI/include"])
        try #require(compiled.status == 0, "\(compiled.error)")
        let done = try Command.run([built], environment: ["ASAN_OPTIONS": "detect_leaks=0"])
        #expect(done.status == 0, "\(done.status): \(done.error)")
    }

    @Test("the Chat module keeps names, members and the last hundred messages, and refuses invalid input")
    func chat() async throws {
        try await withServedHost(ServedHost("\(Repository.products)/libChat.so", in: self.folder)) { served in
            func enter(_ name: String, _ room: String = "/tea") throws -> RawClient {
                let client = try served.client()
                #expect(try client.openWebSocket(room).status == 101)
                client.send(.text("name \(name)"))
                return client
            }
            func read(_ client: RawClient, until text: String) throws -> String {
                while let frame = try client.readFrame() { if frame.text.contains(text) { return frame.text } }
                return ""
            }
            let ada = try enter("Ada \"A\"")
            #expect(
                try read(ada, until: "room")
                    == #"{"type":"room","people":["Ada \u0022A\u0022"],"messages":[]}"#)
            for number in 1...120 { ada.send(.text("say \(number) \\ \u{1} é")) }
            #expect(try read(ada, until: "120 ").contains(#""text":"120 \u005c \u0001 é"}"#))
            let grace = try enter("Grace")
            let room = try read(grace, until: "room")
            #expect(room.components(separatedBy: "\"message\"").count - 1 == 100)
            #expect(room.contains(#"["Grace","Ada \u0022A\u0022"]"#))
            #expect(room.contains(#""text":"21 "#))
            #expect(!room.contains(#""text":"20 "#))
            #expect(try read(ada, until: "people").contains("Grace"))
            // Rooms are separate.
            let eve = try enter("Grace", "/other")
            #expect(try read(eve, until: "room").contains(#""messages":[]"#))

            let twice = try enter("Grace")
            #expect(try read(twice, until: "refused").contains("Another person in this room has that name."))
            for (words, answer) in [
                ("say too early", "A name is needed first."), ("name ", "A name is needed."),
                ("what", "Unknown command"),
                ("name \(String(repeating: "n", count: 81))", "The name is too long."),
            ] {
                twice.send(.text(words))
                #expect(try read(twice, until: "refused").contains(answer))
            }
            grace.send(.binary([1]))
            #expect(try read(grace, until: "refused").contains("Only text"))
            grace.send(.text("say \(String(repeating: "x", count: 4001))"))
            #expect(try read(grace, until: "refused").contains("The message is too long."))
            grace.send(.text("name Hopper"))
            #expect(try read(ada, until: "Hopper").contains("people"))
            grace.reset()
            #expect(try read(ada, until: #"["Ada \u0022A\u0022"]"#).contains("people"))
        }
    }

    @Test("the Chat module answers unknown paths with 404 and WebSockets there with 403, and logs no error")
    func chatPlaces() async throws {
        try await withServedHost(ServedHost("\(Repository.products)/libChat.so", in: self.folder)) { served in
            func ask(_ method: String, _ target: String) throws -> Response {
                let client = try served.client()
                client.send("\(method) \(target) HTTP/1.1\r\nhost: x\r\n\r\n")
                return try client.readResponse(isHead: method == "HEAD")
            }
            for (method, target, status, type, allow) in [
                ("GET", "/tea", 200, "text/html; charset=utf-8", nil),
                ("HEAD", "/", 200, "text/html; charset=utf-8", nil),
                ("GET", "/tea/cup", 404, "text/plain; charset=utf-8", nil),
                ("POST", "/tea/cup", 404, "text/plain; charset=utf-8", nil),
                ("POST", "/tea", 405, "text/plain; charset=utf-8", "GET, HEAD"),
                ("DELETE", "/", 405, "text/plain; charset=utf-8", "GET, HEAD"),
            ] as [(String, String, Int, String, String?)] {
                let response = try ask(method, target)
                #expect(response.status == status, "\(method) \(target)")
                #expect(response.header("content-type") == type, "\(method) \(target)")
                #expect(response.header("x-content-type-options") == "nosniff", "\(method) \(target)")
                #expect(response.header("allow") == allow, "\(method) \(target)")
            }
            #expect(try ask("GET", "/tea").text.contains("<title>Chat</title>"))
            #expect(try served.client().openWebSocket("/tea/cup").status == 403)
            #expect(try served.client().openWebSocket("/" + String(repeating: "r", count: 2000)).status == 403)
            try await served.stop()
            #expect(served.log.holding("error ").isEmpty, "\(served.log.all)")
        }
    }
}
