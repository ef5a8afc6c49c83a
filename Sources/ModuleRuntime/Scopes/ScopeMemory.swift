import CASGI
import HTTPServer

/// The `asgi_scope` that a module sees: allocated once per `Scope`, and filled for each request or WebSocket.
struct ScopeMemory: ~Copyable {
    let pointer: UnsafeMutablePointer<asgi_scope>
    /// `path` and `root_path` with the prefix that a proxy has removed, which the exchange does not have.
    private var rooted: [UInt8] = []
    /// Allocated for the first request over TLS.
    private var tls: UnsafeMutablePointer<asgi_tls>?

    init() {
        self.pointer = .zeroed(bytes: asgi_scope_size())
        self.pointer.pointee.size = UInt32(asgi_scope_size())
        self.pointer.pointee.host = HostTable.pointer
        self.pointer.pointee.asgi_version = asgi_string(Octets("3.0"))
        self.pointer.pointee.spec_version = asgi_string(Octets("2.5"))
    }

    deinit {
        UnsafeMutableRawPointer(self.pointer).deallocate()
        self.tls?.deallocate()
    }

    /// Writes the fields of a request, or of a WebSocket if `socket` is not nil. The strings belong to the exchange and
    /// to `root`, the generation whose mount the request matched.
    @inline(__always)
    mutating func describe(
        _ exchange: any Exchange, _ socket: (any WebSocket)?, id: asgi_id, _ generation: Generation, root: Generation
    ) {
        let head = exchange.head
        let peer = exchange.peer
        let fields = head.fields
        self.pointer.pointee.id = id
        self.pointer.pointee.type = socket == nil ? ASGI_HTTP : ASGI_WEBSOCKET
        self.pointer.pointee.scheme = asgi_string(Self.scheme(head.scheme, isWebSocket: socket != nil))
        self.pointer.pointee.subprotocols = UnsafeRawPointer(socket?.subprotocols.baseAddress)?
            .assumingMemoryBound(to: asgi_string.self)
        self.pointer.pointee.subprotocol_count = socket?.subprotocols.count ?? 0
        self.pointer.pointee.state = generation.state
        self.pointer.pointee.http_version = asgi_string(head.version.name)
        self.pointer.pointee.method = asgi_string(socket == nil ? head.method : .empty)
        self.pointer.pointee.path = asgi_string(head.path)
        self.pointer.pointee.raw_path = asgi_string(head.rawPath)
        self.pointer.pointee.query_string = asgi_string(head.query)
        self.pointer.pointee.root_path = asgi_string(root.rootPath)
        self.pointer.pointee.headers = UnsafeRawPointer(fields.baseAddress)?.assumingMemoryBound(to: asgi_header.self)
        self.pointer.pointee.header_count = fields.count
        self.pointer.pointee.client_host = asgi_string(peer.client)
        self.pointer.pointee.client_port = peer.clientPort
        self.pointer.pointee.server_host = asgi_string(peer.server)
        self.pointer.pointee.server_port = peer.serverPort
        let extensions = ScopeExtensions.of(head, isSecure: peer.tls != nil)
        self.pointer.pointee.extensions = extensions.baseAddress
        self.pointer.pointee.extension_count = extensions.count
        self.pointer.pointee.tls = nil
        if let tls = peer.tls { self.pointer.pointee.tls = self.describe(tls) }
        if root.hiddenSize > 0 || head.prefix.size > 0 { self.describeRooted(head, root) }
    }

    /// Writes the TLS side of the connection, whose strings belong to the peer of the exchange.
    private mutating func describe(_ facts: TLSFacts) -> UnsafePointer<asgi_tls> {
        let tls = self.tls ?? .allocate(capacity: 1)
        self.tls = tls
        tls.initialize(to: asgi_tls())
        tls.pointee.size = UInt32(MemoryLayout<asgi_tls>.size)
        tls.pointee.version = facts.version
        tls.pointee.cipher_suite = facts.cipherSuite
        tls.pointee.server_certificate = asgi_string(facts.serverCertificate)
        tls.pointee.client_chain_count = UInt32(facts.clientChain.count)
        tls.pointee.client_chain = UnsafeRawPointer(facts.clientChain.baseAddress)?
            .assumingMemoryBound(to: asgi_string.self)
        tls.pointee.client_name = asgi_string(facts.clientName)
        return UnsafePointer(tls)
    }

    @inline(__always)
    private static func scheme(_ scheme: URLScheme, isWebSocket: Bool) -> Octets {
        switch scheme {
        case .http: isWebSocket ? Octets("ws") : Octets("http")
        case .https: isWebSocket ? Octets("wss") : Octets("https")
        }
    }

    /// Writes `path` and `root_path` for an application behind a proxy that has removed a part of the root path. ASGI
    /// requires that part in `path`, but not in `raw_path`, which is the path as received (asgiref's www.rst).
    ///
    /// The proxy may have reported a further part for this request (`head.prefix`).
    private mutating func describeRooted(_ head: RequestHead, _ generation: Generation) {
        let root = generation.rootPath.bytes
        self.rooted.removeAll(keepingCapacity: true)
        self.rooted.append(contentsOf: head.prefix.bytes)
        self.rooted.append(contentsOf: root.prefix(generation.hiddenSize))
        self.rooted.append(contentsOf: head.path.bytes)
        let pathSize = self.rooted.count
        self.rooted.append(contentsOf: head.prefix.bytes)
        self.rooted.append(contentsOf: root)
        self.rooted.withUnsafeBufferPointer { bytes in
            // The array is not changed again before the next request.
            let start = UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
            self.pointer.pointee.path = asgi_string(data: start, size: pathSize)
            self.pointer.pointee.root_path = asgi_string(data: start + pathSize, size: bytes.count - pathSize)
        }
    }
}
