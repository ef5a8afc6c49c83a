package import NIOCore

/// What a new connection is made with, through the steps that come before its protocol: the PROXY protocol, TLS.
/// Loop-bound.
package struct ConnectionStart {
    package let loop: ServerLoop
    /// The addresses of the connection; those of a PROXY protocol header once it has arrived.
    package var peer: Peer
    var proxies: ProxyHandling
    /// The number of proxies that have stated the client's address before the first request.
    var passedProxies = 0
    let security: ListenerSecurity
    /// Nil without TLS.
    let encryption: (any ConnectionSecurity)?

    package init(
        loop: ServerLoop, peer: Peer, proxies: ProxyHandling = ProxyHandling(),
        security: ListenerSecurity = ListenerSecurity(), encryption: (any ConnectionSecurity)? = nil
    ) {
        self.loop = loop
        self.peer = peer
        self.proxies = proxies
        self.security = security
        self.encryption = encryption
    }

    /// Adds the handler of the first step.
    func addFirstHandler(to channel: any Channel) throws {
        guard self.proxies.requiresProxyHeader else { return try self.addHandlersAfterProxy(to: channel) }
        try channel.pipeline.syncOperations.addHandler(ProxyHeaderConnection(self))
    }

    /// Adds the handlers of the step after the PROXY protocol.
    func addHandlersAfterProxy(to channel: any Channel) throws {
        guard let encryption, self.security.usesTLS == true else { return try self.addConnection(to: channel) }
        try encryption.addHandlers(to: channel, self, clients: self.security.clientCertificates)
    }

    /// Adds the connection itself. `transport`: encrypts its bytes. `isHTTP2`: whether that was negotiated.
    package func addConnection(
        to channel: any Channel, over transport: (any SecureTransport)? = nil, isHTTP2: Bool = false
    ) throws {
        guard isHTTP2 else {
            return try channel.pipeline.syncOperations.addHandler(HTTP1Connection(self, transport: transport))
        }
        guard let connection = HTTP2Connection(self, transport: transport) else { throw ChannelError.ioOnClosedChannel }
        try channel.pipeline.syncOperations.addHandler(connection)
    }
}

@available(*, unavailable)
extension ConnectionStart: Sendable {}
