import CFuzz
import Glibc
import NIOCore
import NIOEmbedded

@testable import HTTPServer

// Fuzzes what a client of HTTP/2 sends after its preface, while a request, an upload and a response that waits for the
// client are in progress. The first byte says how the input is split into reads: the result must be the same frames for
// every split. No exchange may be left when the connection has ended.

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

/// Returns the streams and kinds of the frames that the server sends.
func play(_ bytes: [UInt8], step: Int) throws -> [String] {
    let peer = try HTTP2Peer { $0.http2.streams = 8 }
    try peer.send(
        HTTP2Peer.request(1, HTTP2Peer.fields("/hold"), ends: false),
        HTTP2Peer.request(3, HTTP2Peer.fields("/size/200000")))
    var frames = try peer.read()
    for start in stride(from: 0, to: bytes.count, by: step) {
        try peer.send(Array(bytes[start..<min(start + step, bytes.count)]))
        frames += try peer.read()
    }
    for exchange in peer.applications.held { peer.turn { _ = exchange.receive() } }
    frames += try peer.read()
    for exchange in peer.applications.held { peer.finish(exchange) }
    frames += try peer.read()
    _ = try? peer.channel.finish(acceptAlreadyClosed: true)
    peer.eventLoop.run()
    precondition(peer.loop.connectionCount == 0)
    // Data may be split in other ways, and window updates come as it is received.
    return frames.filter { !$0.is(.data) && !$0.is(.windowUpdate) }.map { "\($0.kind) \($0.stream)" }
}

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 1 else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: size - 1))
        // The channels exist only in memory and cannot fail.
        guard let whole = try? play(bytes, step: bytes.count),
            let split = try? play(bytes, step: max(Int(start[0]), 1))
        else { return 0 }
        _ = (whole, split)
        return 0
    }
)
