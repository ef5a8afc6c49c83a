import Foundation
import TestHarness
import TestSupport

/// WebSocket clients that send messages and wait for the echo.
struct SocketLoad: Load {
    var port: Int
    /// The longest pause between messages, in milliseconds.
    var pause = 20

    func visit(_ tally: Tally) {
        let since = Time()
        do {
            let client = try RawClient(port: self.port)
            let handshake = try client.openWebSocket("/ws")
            guard handshake.status == 101 else { throw UnexpectedResult("handshake: \(handshake.status)") }
            tally.count { $0.connections += 1 }
            var number = 0
            while !tally.isOver {
                number += 1
                let message = "message \(number)"
                client.send(.text(message))
                guard let frame = try client.readNonPingFrame() else {
                    throw UnexpectedResult("connection closed without a close frame")
                }
                if frame.opcode == 8 {
                    try expect("close", frame.code, 1012)
                    client.send(.close(1012))
                    // The client would send the message again on a new connection.
                    tally.count {
                        $0.farewells += 1
                        $0.repeated += 1
                    }
                    return
                }
                try expect("message", frame.text, message)
                tally.count { $0.answered += 1 }
                usleep(.random(in: 0...UInt32(self.pause * 1000)))
            }
        } catch {
            tally.lose(Tally.Loss(since: since, text: "\(error) on a WebSocket"))
        }
    }
}
