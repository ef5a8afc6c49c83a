import NIOCore
import TestSupport
import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// Invalid frames: neither end crashes, and the exchanges of the link end.
@Suite("Faults of relays")
struct RelayFaultTests {
    private func frame(_ kind: RelayFrame.Kind, _ stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        var buffer = ByteBuffer()
        let writer = RelayWriter(kind, stream, to: &buffer)
        buffer.writeBytes(payload)
        writer.end(in: &buffer)
        return Array(buffer.readableBytesView)
    }

    private func number(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

    private func upload(_ pair: RelayPair) throws -> (RelayedClient, RelayedApplication) {
        let client = try pair.connect()
        try client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc")
        try pair.runToCompletion()
        return (client, try #require(pair.applications.all.last))
    }

    @Test("credit beyond the window closes the link, and the client gets 503")
    func creditAtFront() throws {
        for credit in [UInt64(RelayInput.window) + 1, UInt64(Int.max), .max] {
            let pair = try RelayPair()
            let (client, _) = try self.upload(pair)
            try pair.inject(self.frame(.credit, 1, self.number(credit)), toFront: true)
            try pair.runToCompletion()
            #expect(!pair.isLinked)
            #expect(pair.route.calls.isEmpty)
            #expect(String(decoding: try client.read(), as: UTF8.self).hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test("credit for a WebSocket whose client has just left is valid")
    func creditAfterGone() throws {
        let pair = try RelayPair()
        let client = try pair.connect()
        try client.send(RelayEndTests.Kind.webSocket.head)
        try pair.runToCompletion()
        let application = try #require(pair.applications.all.last)
        pair.back.turn {
            application.accept()
            application.receive()
        }
        // The credit is on its way when the client leaves.
        client.leave()
        try pair.runToCompletion()
        #expect(pair.isLinked)
        application.receive()
        try pair.runToCompletion()
        #expect(application.disconnected == WebSocketClose.lost)
    }

    @Test("an acknowledgement of more than was sent closes the link")
    func acknowledgementAtBack() throws {
        for size in [UInt64(1), UInt64(Int.max), .max] {
            let pair = try RelayPair()
            let (_, application) = try self.upload(pair)
            try pair.inject(self.frame(.credit, 1, self.number(size)), toFront: false)
            #expect(!pair.isLinked)
            application.receive()
            #expect(application.isGone)
            #expect(application.disconnected == 0)
        }
    }

    @Test("a body part without credit closes the link")
    func unaskedBody() throws {
        let pair = try RelayPair()
        let (_, application) = try self.upload(pair)
        try pair.inject(self.frame(.part, 1, [1, 2, 3]), toFront: false)
        #expect(!pair.isLinked)
        #expect(application.isGone)
    }

    @Test("frames of the wrong direction, unknown kinds and oversized frames close the link")
    func malformed() throws {
        let oversized =
            self.number(UInt64(RelayFrame.maxPart + 1)).prefix(4) + [RelayFrame.Kind.send.rawValue, 1, 0, 0, 0]
        for bytes in [
            self.frame(.request, 1), self.frame(.gone, 1), self.frame(.part, 1, [1]), [0, 0, 0, 0, 200, 1, 0, 0, 0],
            Array(oversized), self.frame(.credit, 1, [1]), self.frame(.start, 1, [1, 2]),
            self.frame(.text, 1, [1]),
        ] {
            let pair = try RelayPair()
            let (client, _) = try self.upload(pair)
            try pair.inject(bytes, toFront: true)
            try pair.runToCompletion()
            #expect(!pair.isLinked)
            #expect(pair.route.calls.isEmpty)
            #expect(String(decoding: try client.read(), as: UTF8.self).hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test("response frames for a WebSocket stream close the link, and the client gets 503")
    func responseToWebSocket() throws {
        for (kind, payload) in [
            (RelayFrame.Kind.start, self.number(0) + self.number(.max) + [200, 0, 0, 0, 0, 0, 0]), (.send, [1]),
            (.sendLast, [1]),
            (.hint, [0, 0, 0, 0]), (.trailers, [0, 0, 0, 0]), (.lastTrailers, [0, 0, 0, 0]),
        ] {
            let pair = try RelayPair()
            let client = try pair.connect()
            try client.send(RelayEndTests.Kind.webSocket.head)
            try pair.runToCompletion()
            try pair.inject(self.frame(kind, 1, payload), toFront: true)
            try pair.runToCompletion()
            #expect(!pair.isLinked)
            #expect(String(decoding: try client.read(), as: UTF8.self).hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test("the loss of the link is reported to an application that waits for a client that has left")
    func lostAfterGone() throws {
        let pair = try RelayPair()
        let client = try pair.connect()
        try client.send(RelayEndTests.Kind.webSocket.head)
        try pair.runToCompletion()
        let application = try #require(pair.applications.all.last)
        application.receive()
        try pair.runToCompletion()
        // The front has no credit for a disconnect: the back learns only that the client is gone.
        try pair.inject(self.frame(.gone, 1), toFront: false)
        application.receive()
        application.isGone = false
        pair.loseLink()
        #expect(application.isGone)
        application.receive()
        #expect(application.disconnected == WebSocketClose.lost)
        client.leave()
    }

    @Test("a client that leaves before its request is relayed is reported as gone")
    func goneBeforeRequest() throws {
        let pair = try RelayPair()
        let client = try pair.connect()
        pair.beforeRelay = { client.leave() }
        try client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        try pair.runToCompletion()
        #expect(pair.applications.all.last?.isGone ?? true)
        for application in pair.applications.all { application.finish() }
        try pair.runToCompletion()
        #expect(pair.route.calls.isEmpty)
    }

    @Test("request bodies wait in their sockets while the link has no room, and arrive completely afterwards")
    func slowBack() throws {
        let pair = try RelayPair()
        let clients = try (0..<20).map { _ in try self.upload(pair) }
        for (_, application) in clients { application.receive() }
        try pair.runToCompletion()
        pair.frontWrites(false)
        for (client, _) in clients { try client.send(Array(repeating: 0x78, count: 997)) }
        try pair.runToCompletion()
        for (_, application) in clients {
            application.receive()
            #expect(application.bodySize == 3)
        }
        pair.frontWrites(true)
        try pair.runToCompletion()
        for (_, application) in clients {
            application.receive()
            #expect(application.bodySize == 1000)
        }
    }

    @Test("random clients, applications and fragments release every exchange")
    func random() throws {
        for seed in 0..<150 {
            var script = RelayScript(seed: UInt64(seed), isHostile: false)
            try script.run()
        }
    }

    @Test("random frames in addition crash neither end and leave no exchange after the link is lost")
    func hostile() throws {
        for seed in 0..<300 {
            var script = RelayScript(seed: UInt64(seed), isHostile: true)
            try script.run()
        }
    }
}

/// A random sequence of actions of clients, applications and, if hostile, of one end of the link. The same for the same
/// seed.
private struct RelayScript {
    private var numbers: SeededNumbers
    private let seed: UInt64
    private let isHostile: Bool

    init(seed: UInt64, isHostile: Bool) {
        self.seed = seed
        self.numbers = SeededNumbers(state: seed)
        self.isHostile = isHostile
    }

    private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self.numbers) }

    mutating func run() throws {
        let pair = try RelayPair()
        var clients: [RelayedClient] = []
        for _ in 0..<60 {
            switch self.number(0..<14) {
            case 0, 1:
                let client = try pair.connect()
                clients.append(client)
                try client.send(RelayEndTests.Kind.allCases.randomElement(using: &self.numbers)!.head)
            case 2:
                try clients.randomElement(using: &self.numbers)?.send(
                    WebSocketFrame(2, [UInt8](repeating: 1, count: self.number(0..<2000))).bytes())
            case 3: clients.randomElement(using: &self.numbers)?.leave()
            case 4: clients.randomElement(using: &self.numbers)?.takesOutput(self.number(0..<2) == 0)
            case 5: clients.randomElement(using: &self.numbers)?.endOutput()
            case 6, 7, 8: self.act(pair)
            case 9: pair.frontWrites(self.number(0..<2) == 0)
            case 10: pair.backWrites(self.number(0..<2) == 0)
            case 11 where self.isHostile: try pair.inject(self.randomFrame(), toFront: self.number(0..<2) == 0)
            default: try pair.transfer(most: self.number(0..<2) == 0 ? .max : self.number(1..<5000))
            }
        }
        pair.frontWrites(true)
        pair.backWrites(true)
        if !self.isHostile { #expect(pair.isLinked, "seed \(self.seed)") }
        if self.number(0..<4) == 0 { pair.loseLink() }
        for client in clients.shuffled(using: &self.numbers) {
            client.takesOutput(true)
            client.leave()
        }
        for application in pair.applications.all.shuffled(using: &self.numbers) {
            pair.back.turn { application.finish() }
        }
        try pair.runToCompletion()
        // Finishes applications of requests that have reached the back only now.
        for application in pair.applications.all { pair.back.turn { application.finish() } }
        try pair.runToCompletion()
        // A hostile frame may have separated the two ends of an exchange: then it ends only with the link.
        if !self.isHostile {
            #expect(pair.route.calls.isEmpty, "seed \(self.seed)")
            #expect(pair.serving.exchanges.isEmpty, "seed \(self.seed)")
        }
        #expect(pair.front.connectionCount == 0, "seed \(self.seed)")
        pair.loseLink()
        for application in pair.applications.all { pair.back.turn { application.finish() } }
        #expect(pair.route.calls.isEmpty, "seed \(self.seed)")
        #expect(pair.serving.exchanges.isEmpty, "seed \(self.seed)")
        for client in clients { #expect(client.connection == nil, "seed \(self.seed)") }
    }

    /// Performs a random action of an application, among those that are valid in its state.
    private mutating func act(_ pair: RelayPair) {
        guard let application = pair.applications.all.randomElement(using: &self.numbers),
            let exchange = application.exchange
        else { return }
        let (action, size) = (
            self.number(0..<10), self.number(0..<8) == 0 ? self.number(0..<300_000) : self.number(0..<500)
        )
        let isSocket = exchange.webSocket != nil
        pair.back.turn {
            switch action {
            case 8: application.end(failed: size % 2 == 0)
            case 9: application.finish(failed: size % 2 == 0)
            case _ where application.hasEnded: break
            case 0: application.receive()
            case 1: if isSocket { application.accept() } else { application.start() }
            case 2: if isSocket { application.send(message: size) } else { application.send(size, more: true) }
            case 3: if isSocket { application.close(1000) } else { application.send(size, more: false) }
            // A response of the server itself, which may also refuse a WebSocket.
            default: application.respond(isSocket ? size % 500 : size)
            }
        }
    }

    /// Returns a frame with a plausible kind and stream and a random payload, possibly of a wrong size.
    private mutating func randomFrame() -> [UInt8] {
        var payload = (0..<self.number(0..<40)).map { _ in UInt8.random(in: 0...255, using: &self.numbers) }
        if self.number(0..<3) == 0 { payload = [UInt8](repeating: 0xff, count: 8) }
        if self.number(0..<3) == 0 { payload = [UInt8(self.number(0..<4)), 0, 0, 0, 0, 0, 0, 0] }
        let kind = UInt8(self.number(0..<30))
        let size = self.number(0..<8) == 0 ? self.number(0..<100_000) : payload.count
        return [
            UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8),
            UInt8(truncatingIfNeeded: size >> 16), 0,
            kind, UInt8(self.number(0..<4)), 0, 0, 0,
        ] + payload
    }
}
