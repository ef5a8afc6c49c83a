import NIOCore

/// A connection whose PROXY protocol header has not arrived. After the header it is replaced by the handlers of the next
/// step, with the addresses of the header. Loop-bound.
///
/// The header is required: a connection that does not begin with one, or whose peer is not trusted, is closed without a
/// response.
final class ProxyHeaderConnection: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
    typealias InboundIn = ByteBuffer

    private var start: ConnectionStart
    private var loop: ServerLoop { self.start.loop }
    private var peer: Peer { self.start.peer }
    private var context: ChannelHandlerContext?
    private var input = ByteBuffer()
    private let began: Int

    init(_ start: ConnectionStart) {
        self.start = start
        self.began = start.loop.tick
    }

    var isCounted: Bool { true }
    /// A request may have been sent already, which is answered also in a shutdown.
    var serves: Bool { true }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard !self.loop.configuration.trustedPeers.contains(self.peer) else { return }
        self.close("not a trusted proxy (--forwarded-allow-ips)")
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        guard self.context != nil else { return }
        self.input.writeBuffer(&buffer)
        switch self.input.withUnsafeReadableBytes({ ProxyHeader.read($0) }) {
        case .incomplete: break
        case .malformed(let fault): self.close(fault.reason)
        case .complete(let header): self.become(header)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        // Health checks of load balancers connect, and close.
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Replaces this handler by those of the next step, which get the rest of the input.
    private func become(_ header: ProxyHeader) {
        guard let context else { return }
        self.context = nil
        self.loop.remove(self)
        self.input.moveReaderIndex(forwardBy: header.size)
        // The proxy does not know the client: the header fields that follow are not the proxy's.
        if header.addresses == nil, !header.isLocal { self.start.proxies.evaluatesForwarding = false }
        if let addresses = header.addresses {
            self.start.peer = Peer(addresses)
            self.start.passedProxies = 1
        }
        let pipeline = context.pipeline.syncOperations
        do {
            try self.start.addHandlersAfterProxy(to: context.channel)
        } catch {
            // Only if the channel has been closed meanwhile.
            return context.close(promise: nil)
        }
        // Removed before the connection reads: it may close the channel, and has to be told.
        pipeline.removeHandler(self, promise: nil)
        pipeline.fireChannelActive()
        if self.input.readableBytes > 0 { pipeline.fireChannelRead(NIOAny(self.input)) }
    }

    private func close(_ reason: StaticString) {
        self.loop.log?.refused(peer: self.peer, reason: reason)
        self.context?.close(promise: nil)
        self.context = nil
    }

    // MARK: Called by the loop

    func flush() {}

    func checkDeadlines() {
        guard self.loop.tick - self.began > self.loop.configuration.proxyHeaderTime else { return }
        self.close("timeout while receiving the PROXY protocol header")
    }

    func closeIfIdle() { self.context?.close(promise: nil) }

    func giveUp() { self.context?.close(promise: nil) }

    func abort() { self.context?.close(promise: nil) }
}

@available(*, unavailable)
extension ProxyHeaderConnection: Sendable {}
