import HTTPServer
import NIOCore
import NIOTLS

/// A connection whose TLS handshake is not complete. After it, it is replaced by the connection of the protocol.
/// Loop-bound.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
    typealias InboundIn = ByteBuffer

    private var start: ConnectionStart
    private let transport: TLSTransport
    private var loop: ServerLoop { self.start.loop }
    private var context: ChannelHandlerContext?
    private let began: Int
    /// Whether the client does not speak TLS, which was logged.
    private var isRefused = false
    /// Returns what is known of the connection once the handshake is complete.
    private let facts: (any Channel) throws -> TLSFacts

    init(_ start: ConnectionStart, _ transport: TLSTransport, facts: @escaping (any Channel) throws -> TLSFacts) {
        self.start = start
        self.transport = transport
        self.facts = facts
        self.began = start.loop.tick
    }

    var isCounted: Bool { true }
    /// A client that has connected before a shutdown may send a request, which is answered.
    var serves: Bool { true }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.add(self)
        // Refused before the handshake, which would cost more than the connection.
        if self.loop.hasTooManyConnections { self.close("too many connections") }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.remove(self)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated) = event as? TLSUserEvent {
            return self.complete(context, isHTTP2: negotiated == "h2")
        }
        guard event as? ChannelEvent == .inputClosed else { return }
        // Port scanners and health checks of load balancers connect, and close.
        self.transport.abort()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard self.context != nil else { return }
        if let error = error as? TLSTransport.NotEncrypted {
            // The transport closes the connection, after it has answered.
            self.isRefused = true
            self.loop.log?.handshakeFailed(peer: self.start.peer, reason: error.description)
        } else {
            self.close(TLSReason.of(error))
        }
    }

    private func complete(_ context: ChannelHandlerContext, isHTTP2: Bool) {
        guard self.context != nil else { return }
        self.context = nil
        self.loop.remove(self)
        do {
            self.start.peer.tls = try self.facts(context.channel)
            try self.start.addConnection(to: context.channel, over: self.transport, isHTTP2: isHTTP2)
        } catch {
            // Only if the channel has been closed meanwhile.
            return self.transport.abort()
        }
        context.fireChannelActive()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func close(_ reason: String) {
        guard self.context != nil else { return }
        self.context = nil
        self.loop.log?.handshakeFailed(peer: self.start.peer, reason: reason)
        self.transport.abort()
    }

    // MARK: Called by the loop

    func flush() {}

    func checkDeadlines() {
        guard self.loop.tick - self.began > self.loop.configuration.handshakeTime else { return }
        if !self.isRefused { self.close("timeout") }
        self.transport.abort()
    }

    func closeIfIdle() { self.transport.abort() }
    func giveUp() { self.transport.abort() }
    func abort() { self.transport.abort() }
}

@available(*, unavailable)
extension TLSHandshake: Sendable {}
