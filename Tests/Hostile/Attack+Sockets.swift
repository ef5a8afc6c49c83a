import Foundation
import TestHarness
import TestSupport

/// Hostile WebSocket clients. The module echoes messages; the server compresses if the client offers it.
extension Attack {
    static let sockets: [Attack] = [
        Attack("a WebSocket that floods with pings and reads nothing") { victim in
            let before = try victim.memory
            let client = try Self.socket(victim)
            let pings = Array(repeating: WebSocketFrame(9, [UInt8](repeating: 0, count: 125)).bytes(), count: 1000)
                .joined()
            let flood = Array(pings)
            nonisolated(unsafe) let sender = client
            Thread { for _ in 0..<500 { sender.send(flood) } }.start()
            guard client.waitForDisconnect(seconds: 60) else { throw UnexpectedResult("the connection stayed open") }
            let grown = try max(victim.peak - before, 0)
            guard grown < 4 << 20 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
            return "connection closed; memory grew by at most \(grown >> 10) KiB"
        },
        Attack("a WebSocket that does not read its echoed messages") { victim in
            let before = try victim.memory
            let client = try Self.socket(victim)
            let flood = WebSocketFrame.binary([UInt8](repeating: 7, count: 64 << 10)).bytes()
            nonisolated(unsafe) let sender = client
            Thread { for _ in 0..<2000 { sender.send(flood) } }.start()
            guard client.waitForDisconnect(seconds: 60) else { throw UnexpectedResult("the connection stayed open") }
            let grown = try max(victim.peak - before, 0)
            guard grown < 4 << 20 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
            return "connection closed; memory grew by at most \(grown >> 10) KiB"
        },
        Attack(
            "a decompression bomb: 105 KiB that inflate to more than 16 MiB",
            onFresh: { victim in
                let before = try victim.memory
                for _ in 0..<20 {
                    let client = try Self.socket(victim, ["sec-websocket-extensions: permessage-deflate"])
                    client.send(WebSocketFrame(2, Self.bomb, reserved: 0x40))
                    try expect("close", try client.readFrame()?.code, 1009)
                }
                let grown = try max(victim.peak - before, 0)
                guard grown < 48 << 20 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
                return "20 times 1009; memory grew by at most \(mebibytes(grown))"
            }),
        Attack(
            "100 messages of 16 MiB, each without its last byte",
            onFresh: { victim in
                let before = try victim.memory
                let size = 16 << 20
                let frame = WebSocketFrame.binary([UInt8](repeating: 1, count: size)).bytes().dropLast()
                var clients: [RawClient] = []
                var refused = 0
                for _ in 0..<100 {
                    let client = try Self.socket(victim)
                    client.send(Array(frame))
                    clients.append(client)
                    // The limit is 256 MiB. A buffer that grows keeps its old memory for a moment.
                    if try victim.memory - before > 320 << 20 {
                        throw UnexpectedResult("the server holds \(mebibytes(try victim.memory - before))")
                    }
                }
                for client in clients {
                    var wait = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
                    guard poll(&wait, 1, 100) > 0 else { continue }
                    try expect("close", try client.readFrame()?.code, 1013)
                    refused += 1
                }
                guard refused >= 80 else { throw UnexpectedResult("only \(refused) were closed with 1013") }
                return "\(refused) times 1013; \(mebibytes(try victim.memory - before)) held"
            }),
        Attack("a million empty fragments of one message") { victim in
            let before = try victim.memory
            let client = try Self.socket(victim)
            client.send(WebSocketFrame(1, [0x61], isFinal: false))
            let fragments = Array(
                [[UInt8]](repeating: WebSocketFrame(0, isFinal: false).bytes(), count: 10_000).joined())
            for _ in 0..<100 { client.send(fragments) }
            client.send(WebSocketFrame(0, [0x62]))
            try expect("message", try client.readFrame()?.text, "ab")
            let grown = try max(victim.peak - before, 0)
            guard grown < 2 << 20 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
            return "the message was echoed; memory grew by at most \(grown >> 10) KiB"
        },
        Attack("random bytes as frames, on 2,000 WebSockets") { victim in
            var numbers = SystemRandomNumberGenerator()
            for _ in 0..<2000 {
                let client = try Self.socket(victim, ["sec-websocket-extensions: permessage-deflate"])
                client.send((0..<64).map { _ in UInt8.random(in: 0...255, using: &numbers) })
                client.shutdownWrite()
                _ = client.skipToEnd()
            }
            return "all closed"
        },
        Attack(
            "9,000 idle WebSockets after one message each",
            onFresh: { victim in
                let before = try victim.memory
                var clients: [RawClient] = []
                for _ in 0..<9_000 {
                    let client = try Self.socket(victim)
                    client.send(.text("hello"))
                    try expect("message", try client.readFrame()?.text, "hello")
                    clients.append(client)
                }
                let each = try (victim.memory - before) / clients.count
                // With a worker group, the front process and the worker each keep state for a WebSocket.
                guard each < (Victim.isGrouped ? 14 : 10) << 10 else {
                    throw UnexpectedResult("\(each) bytes per WebSocket")
                }
                for index in stride(from: 0, to: 9_000, by: 1000) {
                    clients[index].send(.text("still"))
                    try expect("message", try clients[index].readFrame()?.text, "still")
                }
                return "all open and answered; \(each) bytes per WebSocket"
            }),
    ]

    private static func socket(_ victim: Victim, _ fields: [String] = []) throws -> RawClient {
        let client = try victim.client()
        try expect("handshake", try client.openWebSocket("/ws", fields: fields).status, 101)
        return client
    }

    /// Deflated zeros. A stored block would be as large as the data, so each code repeats the preceding byte 258 times
    /// (RFC 1951 §3.2.6: the fixed Huffman codes).
    private static let bomb: [UInt8] = {
        var bits: [Bool] = []
        func put(_ value: Int, _ count: Int) { for bit in 0..<count { bits.append(value >> bit & 1 == 1) } }
        func code(_ value: Int, _ count: Int) {
            for bit in (0..<count).reversed() { bits.append(value >> bit & 1 == 1) }
        }
        // A non-final block with fixed codes: the literal 0, then length 258 (code 285) at distance 1 (code 0).
        put(0, 1)
        put(1, 2)
        code(0x30, 8)
        for _ in 0..<66_000 {
            code(0xc5, 8)
            code(0, 5)
        }
        // The end of the block, and the empty stored block whose last four bytes are omitted (RFC 7692 §7.2.1).
        code(0, 7)
        put(0, 3)
        while bits.count % 8 != 0 { bits.append(false) }
        return stride(from: 0, to: bits.count, by: 8).map { at in
            (0..<8).reduce(0) { $0 | (bits[at + $1] ? 1 << UInt8($1) : 0) }
        }
    }()
}
