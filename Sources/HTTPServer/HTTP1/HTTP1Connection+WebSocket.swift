import NIOCore

/// From a request that asks for a WebSocket to a connection that is one's.
extension HTTP1Connection {
    /// Looks at a handshake; false: it was refused, and nobody is asked about it.
    func beginHandshake(of exchange: HTTP1Exchange) -> Bool {
        do {
            let handshake = try WebSocketHandshake(
                exchange.head, deflates: self.loop.configuration.webSocket.deflates)
            exchange.offer(HTTP1WebSocket(handshake, for: exchange, on: self))
            return true
        } catch {
            self.loop.log?.refused(peer: self.peer, status: error.status, reason: error.reason)
            exchange.refuse(handshake: error, on: self)
            exchange.rest()
            return false
        }
    }

    /// The handshake was taken. What has come behind it is looked at when the turn ends.
    func becomes(_ socket: HTTP1WebSocket) {
        self.socket = socket
        self.machine.upgraded()
        self.wrote()
        self.willProceed()
    }

    /// The WebSocket has ended: so does the connection, when what was written has left.
    func socketEnded() {
        self.socket = nil
        self.input.clear()
        self.since = self.loop.tick
        self.follow(self.machine.socketEnded())
    }

    /// Nothing more comes from the client, or goes to it.
    func disconnect() {
        guard let socket else { return self.exchange?.disconnect() ?? () }
        self.socket = nil
        socket.connectionLost()
    }
}
