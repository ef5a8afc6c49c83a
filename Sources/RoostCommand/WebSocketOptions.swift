import ArgumentParser
import HTTPServer
import RoostSettings

/// The options of `roost serve` that concern WebSockets, named as Uvicorn's where it has them.
struct WebSocketOptions: ParsableArguments {
    @Option(help: "Bytes of a WebSocket's message; above it the socket is closed with 1009.")
    var wsMaxSize = WebSocketConfiguration().messageSize

    @Option(
        help: "Bytes of all messages that are under assembly; above it the socket that wants more is closed with 1013.")
    var limitWsMessages = WebSocketConfiguration().allMessages

    @Option(help: "Seconds that a WebSocket's client may say nothing until it is pinged; 0: it never is.")
    var wsPingInterval = WebSocketConfiguration().pingInterval

    @Option(help: "Seconds that it may then still say nothing until it is taken to be gone.")
    var wsPingTimeout = WebSocketConfiguration().pingTimeout

    @Option(help: "Seconds that a WebSocket's client may take to answer a close.")
    var timeoutWsClose = WebSocketConfiguration().closeTime

    @Option(help: "true or false: compress messages where the client can do it (permessage-deflate).")
    var wsPerMessageDeflate = WebSocketConfiguration().deflates

    @Option(
        help:
            "Origins whose pages may open WebSockets: same, any, or a list like same,https://example.org (403 for others)."
    )
    var wsOrigins = "same"

    func validate() throws {
        _ = try self.origins
        try ServeOptions.check("--ws-max-size", self.wsMaxSize, 1...(1 << 30))
        try ServeOptions.check("--limit-ws-messages", self.limitWsMessages, 1...(1 << 40))
        try ServeOptions.check("--ws-ping-interval", self.wsPingInterval, 0...86_400)
        try ServeOptions.check("--ws-ping-timeout", self.wsPingTimeout, 1...86_400)
        try ServeOptions.check("--timeout-ws-close", self.timeoutWsClose, 1...86_400)
    }

    var origins: WebSocketOrigins {
        get throws {
            do throws(MountFault) { return try WebSocketOrigins([self.wsOrigins]) } catch {
                throw ValidationError("--ws-origins \(error.message)")
            }
        }
    }

    var configuration: WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.messageSize = self.wsMaxSize
        configuration.allMessages = self.limitWsMessages
        configuration.pingInterval = self.wsPingInterval
        configuration.pingTimeout = self.wsPingTimeout
        configuration.closeTime = self.timeoutWsClose
        configuration.deflates = self.wsPerMessageDeflate
        return configuration
    }
}
