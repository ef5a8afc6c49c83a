import Foundation

/// A client of the Bench module that sends random requests and disconnects at random moments: between any two bytes of
/// a request, an upload, a download or a WebSocket, by a close, a reset or a half-close.
public struct RandomClient: Sendable {
    /// The outcome of a visit.
    public enum Outcome: Sendable {
        /// Every response was complete and correct.
        case answered
        /// The client disconnected early, or the server refused it.
        case left
    }

    /// A response that no visit may get.
    public struct WrongAnswer: Error, CustomStringConvertible {
        public let description: String
    }

    private let port: Int
    /// The path where the module is mounted, without a trailing slash.
    private let mount: String

    public init(port: Int, mount: String = "") {
        self.port = port
        self.mount = mount
    }

    /// Connects once. Throws `WrongAnswer`, and the errors of `RawClient` if the server is gone or does not answer.
    public func visit(_ numbers: inout SeededNumbers) throws -> Outcome {
        let client = try RawClient(port: self.port)
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0...3: return try self.request(client, &numbers)
        case 4...5: return try self.upload(client, &numbers)
        case 6...8: return try self.webSocket(client, &numbers)
        default:
            client.send(
                (0..<Int.random(in: 0..<300, using: &numbers)).map { _ in UInt8.random(in: 0...255, using: &numbers) })
            self.leave(client, &numbers)
            return .left
        }
    }

    private func leave(_ client: RawClient, _ numbers: inout SeededNumbers) {
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: client.close()
        case 1: client.reset()
        default:
            client.shutdownWrite()
            client.close()
        }
    }

    /// Sends the bytes in pieces; one time in three only a random prefix. Returns the number of bytes sent.
    private func send(_ bytes: [UInt8], to client: RawClient, _ numbers: inout SeededNumbers) -> Int {
        let count =
            Int.random(in: 0..<3, using: &numbers) == 0 ? Int.random(in: 0...bytes.count, using: &numbers) : bytes.count
        var rest = bytes[..<count]
        while !rest.isEmpty {
            let size =
                Int.random(in: 0..<2, using: &numbers) == 0
                ? rest.count : Int.random(in: 1...rest.count, using: &numbers)
            client.send(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return count
    }

    // MARK: Requests

    private static let targets: [(path: String, size: Int)] = [
        ("/", 13), ("/thread", 13), ("/1k", 1 << 10), ("/10k", 10 << 10), ("/100k", 100 << 10), ("/1m", 1 << 20),
        ("/stream?1", 1 << 20),
    ]

    private func request(_ client: RawClient, _ numbers: inout SeededNumbers) throws -> Outcome {
        let wanted = (0..<Int.random(in: 1...4, using: &numbers)).map { _ in
            Self.targets.randomElement(using: &numbers)!
        }
        let requests = wanted.map { Array("GET \(self.mount)\($0.path) HTTP/1.1\r\nhost: x\r\n\r\n".utf8) }
        let bytes = Array(requests.joined())
        let sent = self.send(bytes, to: client, &numbers)
        guard sent == bytes.count, Int.random(in: 0..<3, using: &numbers) > 0 else {
            // Only a complete request is answered: after less, the client would wait for the server's timeout.
            if sent >= requests[0].count, Bool.random(using: &numbers) { _ = try client.readMore(most: 1000) }
            self.leave(client, &numbers)
            return .left
        }
        for target in wanted {
            let response = try client.readResponse()
            // 503: the worker has just exited.
            if response.status == 503 { return .left }
            guard response.status == 200, response.body.count == target.size else {
                throw WrongAnswer(description: "GET \(target.path): \(response.status), \(response.body.count) bytes")
            }
        }
        return .answered
    }

    private func upload(_ client: RawClient, _ numbers: inout SeededNumbers) throws -> Outcome {
        let body = [UInt8](repeating: 0x78, count: Int.random(in: 0..<200_000, using: &numbers))
        let isChunked = Bool.random(using: &numbers)
        let framing = isChunked ? "transfer-encoding: chunked" : "content-length: \(body.count)"
        var bytes = Array("POST \(self.mount)/upload HTTP/1.1\r\nhost: x\r\n\(framing)\r\n\r\n".utf8)
        if isChunked, !body.isEmpty {
            bytes += Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n".utf8)
        }
        bytes += isChunked ? Array("0\r\n\r\n".utf8) : body
        guard self.send(bytes, to: client, &numbers) == bytes.count, Int.random(in: 0..<3, using: &numbers) > 0 else {
            self.leave(client, &numbers)
            return .left
        }
        let response = try client.readResponse()
        if response.status == 503 { return .left }
        guard response.status == 200, response.text == "\(body.count)" else {
            throw WrongAnswer(
                description: "an upload of \(body.count) bytes: \(response.status) \(response.text.prefix(100))")
        }
        return .answered
    }

    // MARK: WebSockets

    private func webSocket(_ client: RawClient, _ numbers: inout SeededNumbers) throws -> Outcome {
        let deflate = Bool.random(using: &numbers) ? ["sec-websocket-extensions: permessage-deflate"] : []
        let handshake = try client.openWebSocket("\(self.mount)/ws", fields: deflate)
        guard handshake.status == 101 else {
            guard handshake.status == 503 else { throw WrongAnswer(description: "a handshake: \(handshake.status)") }
            return .left
        }
        for _ in 0..<Int.random(in: 0..<5, using: &numbers) {
            let message = [UInt8](repeating: 0x61, count: Int.random(in: 0..<3000, using: &numbers))
            let bytes = WebSocketFrame.binary(message).bytes()
            guard self.send(bytes, to: client, &numbers) == bytes.count, Int.random(in: 0..<4, using: &numbers) > 0
            else {
                self.leave(client, &numbers)
                return .left
            }
            // The payload of a compressed message is not compared.
            guard let frame = try client.readNonPingFrame() else { return .left }
            if frame.opcode == 8 { return .left }
            guard frame.opcode == 2, frame.reserved != 0 || frame.payload == message else {
                throw WrongAnswer(
                    description: "a message of \(message.count) bytes: \(frame.opcode), \(frame.payload.count) bytes")
            }
        }
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0:
            client.send(.close(1000))
            while let frame = try client.readFrame(), frame.opcode != 8 {}
            return .answered
        case 1: client.send(WebSocketFrame(UInt8.random(in: 0..<16, using: &numbers), [1, 2, 3]))
        default: break
        }
        self.leave(client, &numbers)
        return .left
    }
}
