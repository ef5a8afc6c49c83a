import HTTPServer
import NIOCore

/// Encodes and decodes a request header for a relay.
enum RelayHead {
    private static let acceptsTrailers: UInt8 = 1
    private static let asksForWebSocket: UInt8 = 2
    private static let isBodiless: UInt8 = 4
    private static let isOld: UInt8 = 8
    private static let isPathDecoded: UInt8 = 16
    private static let isSecure: UInt8 = 32
    private static let hasTLS: UInt8 = 64
    private static let isHTTP2: UInt8 = 128

    static func send(
        _ exchange: any Exchange, subprotocols: UnsafeBufferPointer<Octets>?, mount: UInt32, isBodiless: Bool,
        stream: UInt32, on link: RelayLink
    ) {
        let (head, peer) = (exchange.head, exchange.peer)
        link.send(.request, stream) { writer, output in
            Self.write(
                head, peer, subprotocols: subprotocols ?? UnsafeBufferPointer(start: nil, count: 0), mount: mount,
                isBodiless: isBodiless, writer, to: &output)
        }
    }

    static func write(
        _ head: RequestHead, _ peer: Peer, subprotocols: some Collection<Octets>, mount: UInt32, isBodiless: Bool,
        _ writer: RelayWriter, to output: inout ByteBuffer
    ) {
        // Both are the same bytes if the path has no percent-encoding.
        let isPathDecoded = head.path.data != head.rawPath.data
        var flags: UInt8 = 0
        if head.acceptsTrailers { flags |= Self.acceptsTrailers }
        if head.asksForWebSocket { flags |= Self.asksForWebSocket }
        if isBodiless { flags |= Self.isBodiless }
        if head.version == .http10 { flags |= Self.isOld }
        if isPathDecoded { flags |= Self.isPathDecoded }
        if head.scheme == .https { flags |= Self.isSecure }
        if peer.tls != nil { flags |= Self.hasTLS }
        if head.version == .http2 { flags |= Self.isHTTP2 }
        writer.write(mount, to: &output)
        writer.write(flags, to: &output)
        writer.write(head.method, to: &output)
        writer.write(head.rawPath, to: &output)
        if isPathDecoded { writer.write(head.path, to: &output) }
        writer.write(head.query, to: &output)
        writer.write(head.authority, to: &output)
        writer.write(head.prefix, to: &output)
        writer.write(peer.client, to: &output)
        writer.write(peer.clientPort, to: &output)
        writer.write(peer.server, to: &output)
        writer.write(peer.serverPort, to: &output)
        if let tls = peer.tls { Self.write(tls, writer, to: &output) }
        writer.write(UInt32(subprotocols.count), to: &output)
        for subprotocol in subprotocols { writer.write(subprotocol, to: &output) }
        writer.write(head.fields, to: &output)
    }

    private static func write(_ tls: TLSFacts, _ writer: RelayWriter, to output: inout ByteBuffer) {
        writer.write(tls.version, to: &output)
        writer.write(tls.cipherSuite, to: &output)
        writer.write(tls.serverCertificate, to: &output)
        writer.write(tls.clientName, to: &output)
        writer.write(UInt32(tls.clientChain.count), to: &output)
        for certificate in tls.clientChain { writer.write(certificate, to: &output) }
    }

    private static func readTLS(_ reader: inout RelayReader) throws(RelayFault) -> TLSFacts {
        let (version, suite) = (try reader.number(UInt32.self), try reader.number(UInt32.self))
        let (server, name) = (try reader.octets(), try reader.octets())
        var chain: [Octets] = []
        for _ in 0..<(try reader.count(ofAtLeast: 4)) { chain.append(try reader.octets()) }
        return TLSFacts(
            version: version, cipherSuite: suite, borrowing: server, clientChain: chain, clientName: name)
    }

    /// The parts of the payload that a `RequestHead` does not hold.
    struct Rest {
        var mount: UInt32
        var isBodiless: Bool
        var client: Octets
        var clientPort: Int32
        var server: Octets
        var serverPort: Int32
        var tls: TLSFacts?
        var subprotocols: [Octets]
    }

    /// Decodes the payload into a head, whose memory holds everything that is returned.
    static func decode(_ payload: Octets, into head: RequestHead) throws(RelayFault) -> Rest {
        head.reset()
        // The largest size of the frame limits the loop.
        while head.capacity < payload.size { head.grow() }
        guard let memory = head.reserve(payload.size) else { throw RelayFault() }
        if payload.size > 0 {
            memory.update(
                from: UnsafeRawPointer(payload.data!).assumingMemoryBound(to: UInt8.self), count: payload.size)
        }
        var reader = RelayReader(UnsafeRawBufferPointer(start: memory, count: payload.size))
        let mount = try reader.number(UInt32.self)
        let flags = try reader.number(UInt8.self)
        head.method = try reader.octets()
        head.rawPath = try reader.octets()
        head.path = flags & Self.isPathDecoded != 0 ? try reader.octets() : head.rawPath
        head.query = try reader.octets()
        head.authority = try reader.octets()
        head.prefix = try reader.octets()
        head.scheme = flags & Self.isSecure != 0 ? .https : .http
        head.version = flags & Self.isHTTP2 != 0 ? .http2 : flags & Self.isOld != 0 ? .http10 : .http11
        head.asksForWebSocket = flags & Self.asksForWebSocket != 0
        head.acceptsTrailers = flags & Self.acceptsTrailers != 0
        var rest = Rest(
            mount: mount, isBodiless: flags & Self.isBodiless != 0, client: try reader.octets(),
            clientPort: try reader.number(), server: try reader.octets(), serverPort: try reader.number(),
            subprotocols: [])
        if flags & Self.hasTLS != 0 { rest.tls = try Self.readTLS(&reader) }
        for _ in 0..<(try reader.count(ofAtLeast: 4)) { rest.subprotocols.append(try reader.octets()) }
        for _ in 0..<(try reader.count(ofAtLeast: 8)) {
            head.append(HeaderField(name: try reader.octets(), value: try reader.octets()))
        }
        return rest
    }
}
