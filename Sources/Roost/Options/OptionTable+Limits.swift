import HTTPServer
import ModuleRuntime
import RoostSettings

/// Options: concurrency, limits, timeouts and WebSockets.
extension OptionTable {
    static let concurrency: [ServerOption] = [
        .count("threads", \.host.threads, 1...256, "Number of event loops, one thread each.").forGroups,
        .count(
            "blocking-threads", \.host.blockingThreads, 1...1024,
            "Maximum number of threads on which modules may block."
        )
        .forGroups,
        .count(
            "limit-blocking", \.host.blockingQueue, .limit,
            "Maximum number of blocking jobs that wait for a thread; above it a module's spawn is refused."
        ).forGroups,
        .count(
            "limit-concurrency", \.host.server.connections, 1...1_000_000, unset: "as many as there are descriptors",
            "Maximum number of connections (503 above it)."),
        .count(
            "limit-unfinished", \.host.server.unfinished, .limit,
            "Maximum number of requests per connection that their applications have not finished, even if answered; then the next waits."
        ),
        .count(
            "limit-scopes", \.host.scopes, .limit, "Maximum number of unfinished requests per thread (503 above it)."
        )
        .forGroups,
        .count("limit-groups", \.host.groups, .limit, "Maximum number of groups that a WebSocket is in."),
        .bytes(
            "limit-static-cache", \.host.staticCache, 0...(1 << 40),
            "Maximum memory for recently sent files of each folder (--static) per event loop."),
    ]

    static let limits: [ServerOption] = [
        .bytes(
            "limit-request-line", \.host.server.limits.requestLine, .limit,
            "Maximum size of a request line (414 above it)."),
        .bytes(
            "limit-request-field-size", \.host.server.limits.field, .limit,
            "Maximum size of a request header field (431 above it)."),
        .count(
            "limit-request-fields", \.host.server.limits.fields, .limit,
            "Maximum number of request header fields, and of trailers (431 above it)."),
        .bytes(
            "limit-request-head", \.host.server.limits.head, .limit,
            "Maximum size of a request header, and of trailers (431 above it)."),
        .bytes(
            "limit-chunk-line", \.host.server.limits.chunkLine, .limit,
            "Maximum size of the line before a chunk of a request body (400 above it)."),
        .bytes(
            "limit-request-body", \.host.server.limits.body, .size,
            unset: "none: a body is read as far as the module asks for it",
            "Maximum size of a request body (413 above it)."),
        .bytes(
            "limit-view-body", \.host.views.body, .size,
            "Maximum size of a body that is collected for a view (413 above it)."
        ).forGroups,
        .count(
            "limit-form-fields", \.host.views.fields, .limit,
            "Maximum number of fields of a query, and of a form with its files, for a view (400 above it)."
        ).forGroups,
        .count(
            "limit-json-values", \.host.views.jsonValues, .limit,
            "Maximum number of values of a JSON body for a view (400 above it)."
        ).forGroups,
        .bytes(
            "limit-read-ahead", \.host.server.readWindow, .limit,
            "Maximum number of bytes of a connection that are read before the module receives them."),
        .bytes(
            "limit-unread-body", \.host.server.unreadBody, .limit,
            "Maximum size of an unread rest of a request body that is dropped to keep the connection."),
        .bytes(
            "limit-send-ahead", \.host.server.writeMark, .limit,
            "High-water mark of pending output per connection; above it a module's send waits."),
        .bytes(
            "limit-send", \.host.server.writeLimit, .limit,
            "Maximum pending output per connection; above it a module's send is refused."),
        .count(
            "limit-files", \.host.server.files, .limit,
            "Maximum number of files that are sent to a client at once; above it another is refused, and the next request waits."
        ),
    ]

    static let timeouts: [ServerOption] = [
        .seconds(
            "timeout-keep-alive", \.host.server.keepAliveTime, .time, "Maximum time that a connection stays idle."),
        .seconds("timeout-request-head", \.host.server.headTime, .time, "Maximum time to receive a request header."),
        .seconds(
            "timeout-request-body", \.host.server.bodyTime, .time,
            "Maximum time without progress in receiving a request body, while the module waits for it."),
        .seconds(
            "timeout-write", \.host.server.writeTime, .time,
            "Maximum time without progress in sending a response, before the connection is closed."),
        .seconds(
            "timeout-graceful-shutdown", \.host.server.graceTime, .time,
            "Maximum time for requests to finish in a shutdown."),
        .seconds(
            "timeout-half-close", \.host.server.halfCloseTime, .time,
            "Time for which a client that has closed its side is still served."),
        .seconds(
            "timeout-linger", \.host.server.lingerTime, .time,
            "Maximum time that a closed connection waits for the client to close its side."),
    ]

    static let webSockets: [ServerOption] = [
        .bytes(
            "ws-max-size", \.host.server.webSocket.messageSize, 1...(1 << 30),
            "Maximum size of a WebSocket message (close code 1009 above it)."),
        .bytes(
            "limit-ws-messages", \.host.server.webSocket.allMessages, 1...(1 << 40),
            "Maximum size of all messages under assembly; a WebSocket that needs more is closed with 1013."),
        .seconds(
            "ws-ping-interval", \.host.server.webSocket.pingInterval, 0...86_400,
            "Time without a byte from a client after which it is pinged; 0: never."),
        .seconds(
            "ws-ping-timeout", \.host.server.webSocket.pingTimeout, .time,
            "Maximum time to answer a ping, before the connection is closed."),
        .seconds(
            "timeout-ws-close", \.host.server.webSocket.closeTime, .time,
            "Maximum time for a client to answer a close frame."),
        .boolean(
            "ws-per-message-deflate", \.host.server.webSocket.deflates,
            "true or false: compress messages where the client supports it (permessage-deflate)."),
        .parsed(
            "ws-origins", .commaSeparated, \.host.webSocketOrigins,
            "Origins whose pages may open WebSockets: same, any, or a list like same,https://example.org (403 for others).",
            parse: Self.origins, texts: { [$0.description] }),
    ]

    @Sendable private static func origins(_ texts: [String]) throws -> WebSocketOrigins {
        do throws(MountFault) {
            return try WebSocketOrigins(texts)
        } catch { throw OptionFault.refused(error.message) }
    }
}
