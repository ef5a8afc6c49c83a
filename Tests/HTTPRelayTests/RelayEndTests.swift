import NIOCore
import TestSupport
import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// Whichever of client, application and link ends first, both ends release the exchange.
@Suite("Ends of relayed exchanges")
struct RelayEndTests {
    enum Kind: CaseIterable {
        case request, upload, download, webSocket, refusedWebSocket

        var head: String {
            switch self {
            case .request, .download: "GET / HTTP/1.1\r\nhost: x\r\n\r\n"
            case .upload:
                "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + String(repeating: "x", count: 150_000)
            case .webSocket, .refusedWebSocket:
                """
                GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
                """
            }
        }
    }

    enum End: CaseIterable {
        case client, application, failure, link, stop
    }

    private func connect() throws -> (RelayPair, RelayedClient) {
        let pair = try RelayPair()
        return (pair, try pair.connect())
    }

    /// Sends a request. Returns the application that gets it.
    private func request(_ head: String, _ pair: RelayPair, _ client: RelayedClient) throws -> RelayedApplication {
        try client.send(head)
        try pair.runToCompletion()
        return try #require(pair.applications.all.last)
    }

    /// Starts an exchange of a new pair and leaves it in progress.
    private func start(_ kind: Kind) throws -> (RelayPair, RelayedClient, RelayedApplication) {
        let (pair, client) = try self.connect()
        return (pair, client, try self.start(kind, pair, client))
    }

    /// Starts an exchange and leaves it in progress.
    private func start(_ kind: Kind, _ pair: RelayPair, _ client: RelayedClient) throws -> RelayedApplication {
        let application = try self.request(kind.head, pair, client)
        application.receive()
        try pair.runToCompletion()
        switch kind {
        case .request: break
        case .upload: application.receive()
        case .download:
            client.takesOutput(false)
            pair.back.turn {
                application.start()
                application.send(1 << 20, more: false)
            }
        case .webSocket:
            pair.back.turn {
                application.accept()
                application.receive()
            }
            try pair.runToCompletion()
            try client.send(WebSocketFrame(2, Array("one".utf8)).bytes())
            try client.send(WebSocketFrame(2, Array("two".utf8)).bytes())
        case .refusedWebSocket: pair.back.turn { application.close(1000) }
        }
        try pair.runToCompletion()
        return application
    }

    private func perform(_ end: End, _ pair: RelayPair, _ client: RelayedClient, _ application: RelayedApplication) {
        switch end {
        case .client: client.leave()
        case .application: pair.back.turn { application.finish() }
        case .failure: pair.back.turn { application.finish(failed: true) }
        case .link: pair.loseLink()
        case .stop:
            pair.front.giveUp()
            pair.back.giveUp()
        }
    }

    /// `isComplete`: whether the other end learns of each end before the next one.
    @Test("every order of ends releases the exchange at both sides", arguments: Kind.allCases, [true, false])
    func orders(kind: Kind, isComplete: Bool) throws {
        for first in End.allCases {
            for second in End.allCases {
                let (pair, client, application) = try self.start(kind)
                for end in [first, second] {
                    self.perform(end, pair, client, application)
                    if isComplete { try pair.runToCompletion() }
                }
                // What an application and a client do after their peer is gone.
                application.receive()
                pair.back.turn { application.finish() }
                try pair.runToCompletion()
                client.leave()
                try pair.runToCompletion()
                let label = Comment("\(kind), \(first), \(second)")
                #expect(pair.route.calls.isEmpty, label)
                #expect(pair.serving.exchanges.isEmpty, label)
                #expect(pair.front.connectionCount == 0, label)
                #expect(client.connection == nil, label)
                if kind == .download { #expect(application.released == 1, label) }
            }
        }
    }

    @Test("the messages of a WebSocket client that has left are received before the disconnect")
    func messagesBeforeTheEnd() throws {
        let (pair, client, application) = try self.start(.webSocket)
        try client.send(WebSocketFrame(2, Array("three".utf8)).bytes())
        client.leave()
        while application.disconnected == nil {
            application.receive()
            try pair.runToCompletion()
        }
        #expect(application.isGone)
        #expect(application.messages == ["one", "two", "three"])
        #expect(application.disconnected == WebSocketClose.lost)
        application.finish()
        try pair.runToCompletion()
        #expect(pair.route.calls.isEmpty)
    }

    @Test("the close code of the client reaches the application")
    func closeCode() throws {
        let (pair, client, application) = try self.start(.webSocket)
        try client.send(WebSocketFrame(8, [0x0f, 0xa1] + Array("bye".utf8)).bytes())
        try pair.runToCompletion()
        while application.disconnected == nil {
            application.receive()
            try pair.runToCompletion()
        }
        #expect(application.disconnected == 4001)
    }

    @Test("pending output of a slow client has the same limit for relayed and direct bodies")
    func slowClient() throws {
        let (pair, client, application) = try self.start(.download)
        #expect(application.released == 0)
        let pending = try client.read().count
        // The mark at the front, the mark at the back, and one piece.
        #expect(pending <= 2 * ServerConfiguration().writeMark + RelayWindow.piece)
        client.takesOutput(true)
        var count = pending
        while case let more = try client.read().count, more > 0 {
            count += more
            try pair.runToCompletion()
        }
        try pair.runToCompletion()
        count += try client.read().count
        #expect(count > 1 << 20)
        #expect(application.released == 1)
    }

    @Test(
        "response bodies wait uncopied while the link has no room, and arrive completely afterwards",
        arguments: [true, false])
    func slowFront(isWhole: Bool) throws {
        let pair = try RelayPair()
        let clients = try (0..<20).map { _ in try pair.connect() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n") }
        try pair.runToCompletion()
        pair.backWrites(false)
        let applications = pair.applications.all
        for application in applications {
            pair.back.turn {
                if isWhole {
                    application.respond(50_000)
                } else {
                    application.start()
                    application.send(50_000, more: true)
                    application.send(50_000, more: false)
                }
                application.finish()
            }
        }
        try pair.runToCompletion()
        for client in clients { #expect(try client.read().count < 1000) }
        // The release of a body would show that it was copied.
        #expect(applications.allSatisfy { $0.released == 0 })
        pair.backWrites(true)
        try pair.runToCompletion()
        for client in clients { #expect(try client.read().count > (isWhole ? 50_000 : 100_000)) }
        #expect(applications.allSatisfy { $0.released == (isWhole ? 1 : 2) })
        #expect(pair.serving.exchanges.isEmpty)
        #expect(pair.route.calls.isEmpty)
    }

    @Test("a response that refuses a WebSocket is sent while the link has no room")
    func refusalWithoutRoom() throws {
        let (pair, client) = try self.connect()
        let application = try self.request(Kind.webSocket.head, pair, client)
        pair.backWrites(false)
        pair.back.turn {
            application.respond(10)
            application.finish()
        }
        pair.backWrites(true)
        try pair.runToCompletion()
        #expect(pair.isLinked)
        #expect(String(decoding: try client.read(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
        #expect(pair.route.calls.isEmpty)
    }

    @Test("an exchange that ends before its work finishes sends its last frame")
    func workBehindTheEnd() throws {
        let (pair, client, application) = try self.start(.request)
        client.takesOutput(false)
        pair.backWrites(false)
        pair.back.turn {
            application.start()
            application.send(64 * 1024, more: false)
            application.end()
        }
        // The body fills the window, so the last frame waits for an acknowledgement.
        pair.backWrites(true)
        application.finish()
        try pair.runToCompletion()
        client.takesOutput(true)
        try pair.runToCompletion()
        #expect(pair.route.calls.isEmpty)
        #expect(pair.serving.exchanges.isEmpty)
    }

    @Test("WebSocket messages and the close stay in order while the link has no room")
    func slowFrontOfSocket() throws {
        let (pair, client, application) = try self.start(.webSocket)
        _ = try client.read()
        pair.backWrites(false)
        pair.back.turn {
            application.send(message: 10)
            #expect(!application.isWritable)
            application.close(1000)
        }
        pair.backWrites(true)
        try pair.runToCompletion()
        let bytes = try client.read()
        #expect(
            bytes == WebSocketFrame(2, [UInt8](repeating: 0x78, count: 10)).bytes(mask: nil) + [0x88, 2, 0x03, 0xe8])
        #expect(application.isWritable)
    }

    @Test("a send beyond the limit of a direct connection is refused")
    func heldLimit() throws {
        let (pair, client, application) = try self.start(.request)
        client.takesOutput(false)
        pair.back.turn {
            application.start()
            application.send(ServerConfiguration().writeLimit, more: true)
            guard case .full? = application.send(1, more: true) else {
                Issue.record("the application has queued more than the limit")
                return
            }
        }
        client.leave()
        try pair.runToCompletion()
        application.finish()
        #expect(pair.serving.exchanges.isEmpty)
    }

    @Test("a response to HEAD carries the length of a large body, but no body")
    func head() throws {
        let (pair, client) = try self.connect()
        let application = try self.request("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n", pair, client)
        pair.back.turn {
            application.respond(1 << 20)
            application.finish()
        }
        try pair.runToCompletion()
        let text = String(decoding: try client.read(), as: UTF8.self)
        #expect(text.contains("content-length: 1048576\r\n"))
        #expect(text.hasSuffix("\r\n\r\n"))
        #expect(application.released == 1)
    }
}
