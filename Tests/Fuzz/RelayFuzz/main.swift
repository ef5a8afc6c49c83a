import CFuzz
import NIOCore
import NIOEmbedded

@testable import HTTPRelay
@testable import HTTPServer

// Fuzzes the frames that one end of a relay sends while a request, an upload and a WebSocket are in progress. The first
// byte chooses the hostile end and how the frames are split into reads. Neither end may crash, and after the link is
// lost neither end may keep an exchange.

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

func play(_ options: UInt8, _ bytes: [UInt8]) throws {
    let pair = try RelayPair()
    let client = try pair.connect()
    try client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
    try client.send([UInt8](repeating: 0x78, count: 2000))
    let reader = try pair.connect()
    try reader.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    let socket = try pair.connect()
    try socket.send(
        """
        GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """)
    try pair.runToCompletion()
    for application in pair.applications.all {
        pair.back.turn {
            application.receive()
            application.accept()
        }
    }
    try pair.runToCompletion()
    let step = max(Int(options >> 1), 1)
    for start in stride(from: 0, to: bytes.count, by: step) {
        try pair.inject(Array(bytes[start..<min(start + step, bytes.count)]), toFront: options & 1 == 1)
    }
    try pair.runToCompletion()
    pair.loseLink()
    for application in pair.applications.all { pair.back.turn { application.finish() } }
    for one in [client, reader, socket] { one.leave() }
    precondition(pair.route.calls.isEmpty && pair.serving.exchanges.isEmpty && pair.front.connectionCount == 0)
    // Breaks the reference cycle of serving end, applications and exchanges, and runs each loop's next deadline check.
    pair.applications.all = []
    pair.eventLoop.advanceTime(by: .hours(1))
}

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 0 else { return 0 }
        // The channels exist only in memory and cannot fail.
        try? play(start[0], Array(UnsafeBufferPointer(start: start + 1, count: size - 1)))
        return 0
    }
)
