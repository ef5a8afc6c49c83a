import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// WebSockets through the ABI (asgiref's www.rst 2.5, and the additions of `asgi.h`).
@Suite("WebSockets")
struct WebSocketTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// `onLoop`: the module is called on the loop, where it cannot wait; otherwise on the pool.
    private func serve(
        onLoop: Bool = false, _ configure: (inout HostConfiguration) -> Void = { _ in }
    ) async throws -> ServedHost {
        let library = try Fixture.compile(
            file: Repository.fixture("Sockets.c"), named: "sockets", flags: onLoop ? ["-DLOOP"] : [], in: self.folder)
        return try await ServedHost(library, in: self.folder, configure: configure)
    }

    private func open(_ served: ServedHost, _ target: String, _ fields: [String] = []) throws -> RawClient {
        let client = try served.client()
        #expect(try client.openWebSocket(target, fields: fields).status == 101)
        return client
    }

    @Test("messages pass in both directions; a close of the client is answered with its code")
    func echo() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try self.open(served, "/echo")
            let long = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0) })
            client.send(.text("hé"))
            #expect(try client.readFrame() == .text("hé"))
            client.send(.binary(long))
            #expect(try client.readFrame() == .binary(long))
            client.send(WebSocketFrame(9, [1, 2, 3]))
            #expect(try client.readFrame() == WebSocketFrame(10, [1, 2, 3]))
            client.send(.close(4321, "bye"))
            #expect(try client.readFrame() == .close(4321))
            #expect(try client.readFrame() == nil)
            #expect(
                try served.notes() == """
                    connect
                    text of 3
                    binary of 200000
                    disconnect 4321 'bye'
                    send-after=GONE
                    close-after=GONE
                    disconnect 4321 'bye'
                    end

                    """)
        }
    }

    @Test("messages and a close sent before the handshake is answered are all delivered")
    func early() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send(
                Array(
                    """
                    GET /echo HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r
                    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
                    """.utf8) + WebSocketFrame.text("a").bytes() + WebSocketFrame(9).bytes()
                    + WebSocketFrame.text("b").bytes()
                    + WebSocketFrame(8).bytes())
            #expect(try client.readResponse().status == 101)
            var frames: [WebSocketFrame] = []
            while let frame = try client.readFrame() { frames.append(frame) }
            // The loop answers the ping, the module answers the messages on its thread.
            #expect(frames.contains(WebSocketFrame(10)))
            #expect(frames.filter { $0.opcode != 10 } == [.text("a"), .text("b"), WebSocketFrame(8)])
            #expect(try served.notes().contains("disconnect 1005 ''"))
        }
    }

    private static let order = """
        scheme=ws method='' type=2
        offered=first
        offered=second
        extension=websocket.http.response
        send-before=INVALID
        body-before=INVALID
        http=INVALID
        subprotocol-other=INVALID
        header-own=INVALID
        header-split=INVALID
        accept=DONE
        accept-twice=INVALID
        response-late=INVALID
        connect
        send-not-utf8=INVALID
        send-flags=UNSUPPORTED
        send=DONE
        close-1005=INVALID
        close-999=INVALID
        close-long=INVALID
        close-not-utf8=INVALID
        close=DONE
        close-twice=GONE
        send-closed=GONE
        alive=GONE
        disconnect 4001 '\(String(repeating: "r", count: 123))'
        end

        """

    @Test("events out of order on the loop do not reach the client")
    func order() async throws {
        try await withServedHost(self.serve(onLoop: true)) { served in
            let client = try served.client()
            let answer = try client.openWebSocket("/order", fields: ["sec-websocket-protocol: first, second"])
            #expect(answer.status == 101)
            #expect(answer.header("sec-websocket-protocol") == "second")
            #expect(answer.header("x-test") == "1")
            #expect(try client.readFrame() == .text("good"))
            #expect(try client.readFrame()?.code == 4001)
            client.send(.close(4001))
            #expect(try client.readFrame() == nil)
            #expect(try served.notes() == Self.order)
            for refusal in [
                "event=websocket.send reason=a text message is not UTF-8",
                "event=websocket.accept reason=the client does not offer this subprotocol",
            ] { #expect(served.log.holding("call refused", refusal).count == 1, "\(refusal)") }
        }
    }

    @Test(
        "a rejection before accept is 403 or a response in parts, and the connection is kept",
        arguments: [true, false])
    func reject(onLoop: Bool) async throws {
        try await withServedHost(self.serve(onLoop: onLoop)) { served in
            let client = try served.client()
            #expect(try client.openWebSocket("/reject").status == 403)
            if onLoop {
                #expect(
                    try served.notes() == "connect\nclose=DONE\naccept=INVALID\ndisconnect 1006 ''\nend\n")
            } else {
                #expect(try served.notes().contains("disconnect 1006 ''"))
            }
            let response = try client.openWebSocket("/response")
            #expect(response.status == 401)
            #expect(response.text == "who are you?")
            if onLoop {
                #expect(
                    try served.notes()
                        == "connect\nstart=DONE\naccept=INVALID\nclose=INVALID\nbody=DONE\nbody=DONE\ndisconnect 1006 ''\nend\n"
                )
            }
            if !onLoop {
                #expect(try client.openWebSocket("/echo").status == 101)
                client.reset()
                #expect(try served.notes().contains("disconnect 1006 ''"))
            }
        }
    }

    @Test(
        "an application that ends without a close gives 500 before accept, and a close frame after it",
        arguments: [true, false])
    func ends(onLoop: Bool) async throws {
        try await withServedHost(self.serve(onLoop: onLoop)) { served in
            for target in ["/return-before", "/raise-before", "/half-response"] {
                #expect(try served.client().openWebSocket(target).status == 500)
            }
            let complaints = served.log.holding("error").count
            #expect(try served.client().openWebSocket("/unsupported").status == 403)
            #expect(served.log.holding("error").count == complaints)
            for (target, code) in [("/return-after", 1000), ("/raise-after", 1011)] {
                let client = try self.open(served, target)
                #expect(try client.readFrame()?.code == code)
                client.send(.close(code))
                #expect(try client.readFrame() == nil)
            }
            let outcome = "outcome=open WebSocket; closed with 1011 result=ASGI_FAILED "
            #expect(served.log.holding("application failed", outcome).count == 1)
        }
    }

    @Test("a client that does not read makes send wait, and is disconnected at the write timeout")
    func slowReader() async throws {
        try await withServedHost(self.serve { $0.server.writeTime = 1 }) { served in
            let client = try self.open(served, "/flood")
            #expect(client.waitForDisconnect(seconds: 60))
            #expect(try served.notes() == "flood=GONE\nend\n")
        }
    }

    @Test("a module that does not receive pauses the reads and the ping timer; later all messages arrive")
    func slowModule() async throws {
        try await withServedHost(
            self.serve {
                $0.server.webSocket.pingInterval = 1
                $0.server.webSocket.pingTimeout = 1
            }
        ) { served in
            let message = WebSocketFrame.binary([UInt8](repeating: 1, count: 1 << 20)).bytes()
            let client = try self.open(served, "/gate")
            let sent = Sent()
            nonisolated(unsafe) let sender = client
            Thread {
                for _ in 0..<64 {
                    sender.send(message)
                    sent.add()
                }
                sender.send(.close(1000))
                sent.add()
            }.start()
            // Three pings would have been missed by now; the socket buffers of the kernel hold a few messages.
            _ = try client.receivesNothing(milliseconds: 4000)
            #expect(sent.count < 32)
            #expect(try served.get("/open").text == "opened")
            #expect(try served.notes() == "bytes \(64 << 20), disconnect 1000\nend\n")
            // A slow client may have been pinged before its messages arrived; it was not disconnected.
            #expect(try client.readNonPingFrame()?.code == 1000)
        }
    }

    private final class Sent: @unchecked Sendable {
        private let lock = NSLock()
        private var messages = 0
        func add() { self.lock.withLock { self.messages += 1 } }
        var count: Int { self.lock.withLock { self.messages } }
    }

    @Test("a silent client is pinged, and disconnected if it does not answer")
    func ping() async throws {
        try await withServedHost(
            self.serve {
                $0.server.webSocket.pingInterval = 1
                $0.server.webSocket.pingTimeout = 1
            }
        ) { served in
            let client = try self.open(served, "/echo")
            for _ in 0..<3 {
                #expect(try client.readFrame() == WebSocketFrame(9))
                client.send(WebSocketFrame(10))
            }
            #expect(try client.readFrame() == WebSocketFrame(9))
            #expect(try client.readFrame() == .close(1011, "ping timeout"))
            #expect(try client.readFrame() == nil)
            #expect(try served.notes().contains("disconnect 1006 ''"))
        }
    }

    @Test("a client that does not answer a close is disconnected at the close timeout")
    func closeTime() async throws {
        try await withServedHost(self.serve { $0.server.webSocket.closeTime = 1 }) { served in
            let client = try self.open(served, "/return-after")
            #expect(try client.readFrame()?.code == 1000)
            #expect(try client.readFrame() == nil)
        }
    }

    @Test("a message that is too big, or too many in total, closes with its code and a log line")
    func limits() async throws {
        try await withServedHost(
            self.serve {
                $0.server.webSocket.messageSize = 100_000
                $0.server.webSocket.allMessages = 150_000
            }
        ) { served in
            let big = try self.open(served, "/echo")
            big.send(.binary([UInt8](repeating: 0, count: 100_001)))
            #expect(try big.readFrame()?.code == 1009)
            let first = try self.open(served, "/echo")
            first.send(WebSocketFrame(2, [UInt8](repeating: 0, count: 70_000), isFinal: false))
            first.send(WebSocketFrame(9))
            #expect(try first.readFrame() == WebSocketFrame(10))
            let second = try self.open(served, "/echo")
            second.send(.binary([UInt8](repeating: 0, count: 70_000)))
            #expect(try second.readFrame()?.code == 1013)
            first.send(WebSocketFrame(0))
            #expect(try first.readFrame()?.payload.count == 70_000)
            #expect(served.log.holding("websocket closed", "code=1009 reason=message too big").count == 1)
        }
    }

    @Test("a stop closes WebSockets with 1012 at the graceful shutdown timeout")
    func stop() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try self.open(served, "/echo")
            nonisolated(unsafe) let socket = client
            async let codes = onThread {
                let first = try socket.readNonPingFrame()?.code
                socket.send(.close(1012))
                return [first, try socket.readNonPingFrame()?.code]
            }
            try await served.stop()
            #expect(try await codes == [1012, nil])
        }
    }

    @Test(
        "a message is answered before a malformed frame after it closes the connection",
        arguments: [
            // An unknown opcode, a fragmented ping, a ping that is too long (RFC 6455 §5.2, §5.5).
            WebSocketFrame(13).bytes(), WebSocketFrame(9, isFinal: false).bytes(),
            WebSocketFrame(9, [UInt8](repeating: 0, count: 126)).bytes(),
        ])
    func malformedBehindMessage(_ malformed: [UInt8]) async throws {
        try await withServedHost(self.serve()) { served in
            let client = try self.open(served, "/echo")
            client.send(WebSocketFrame.text("first").bytes() + malformed + WebSocketFrame(9).bytes())
            #expect(try client.readFrame() == .text("first"))
            #expect(try client.readFrame()?.code == 1002)
        }
    }

    @Test("text that is not UTF-8 and invalid frames close with codes that the application gets")
    func malformed() async throws {
        try await withServedHost(self.serve()) { served in
            let text = try self.open(served, "/echo")
            text.send(WebSocketFrame(1, [0x41, 0xff]))
            #expect(try text.readFrame()?.code == 1007)
            #expect(try served.notes().contains("disconnect 1007 'invalid UTF-8'"))
            let frame = try self.open(served, "/echo")
            frame.send(WebSocketFrame(3))
            #expect(try frame.readFrame()?.code == 1002)
            let old = try served.client()
            old.send(
                "GET /echo HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 8\r\n\r\n"
            )
            let answer = try old.readResponse()
            #expect(answer.status == 426)
            #expect(answer.header("sec-websocket-version") == "13")
        }
    }
}
