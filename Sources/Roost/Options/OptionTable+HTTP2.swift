import HTTPServer
import RoostSettings

/// Options: HTTP/2.
extension OptionTable {
    static let http2: [ServerOption] = [
        .flag(
            "http2", \.host.server.http2.isServed, isNegatable: true,
            "Serve HTTP/2: over TLS if the client asks for it, without TLS if the connection begins with its preface."),
        .flag(
            "h2-websockets", \.host.server.http2.offersWebSockets, isNegatable: true,
            "Offer WebSockets over HTTP/2 (RFC 8441)."),
        .count(
            "limit-h2-streams", \.host.server.http2.streams, 1...10_000,
            "Maximum number of requests of a connection at a time; further ones are refused, and may be tried again."),
        .count(
            "limit-h2-resets", \.host.server.http2.resets.burst, .limit,
            "Maximum number of resets of requests by a client at once, and in 30 seconds; above it the connection is ended."
        ),
        .count(
            "limit-h2-glitches", \.host.server.http2.glitches.burst, .limit,
            "Maximum number of malformed frames of a client at once, and in 10 seconds; above it the connection is ended."
        ),
        .count(
            "limit-h2-idle-frames", \.host.server.http2.idleFrames.burst, .limit,
            "Maximum number of frames without an effect of a client at once, and in 10 seconds; above it the connection is ended."
        ),
        .count(
            "limit-h2-continuations", \.host.server.http2.continuations, 1...1000,
            "Maximum number of CONTINUATION frames of a request header; above it the connection is ended."),
        .bytes(
            "limit-h2-output", \.host.server.http2.output, .size,
            "Maximum pending output of all requests of a connection; above it further requests wait, and a send is refused if output of its own is pending."
        ),
        .bytes(
            "h2-window", \.host.server.http2.streamWindow, 65_535...(1 << 30),
            "Maximum part of a request body that is read before the application receives it."),
        .bytes(
            "h2-connection-window", \.host.server.http2.connectionWindow, 65_535...(1 << 30),
            "The same for all requests of a connection together."),
    ]
}
