import Clibmd

/// A validated client handshake (RFC 6455 §4.2.1, RFC 8441 §5), and the values for the server's response. A value without
/// I/O.
struct WebSocketHandshake {
    /// Empty over HTTP/2, which proves in another way that the server knows WebSockets (RFC 8441 §5).
    private let key: Octets
    /// The subprotocols that the client offers, in the client's order. Borrowed from the `RequestHead`.
    let subprotocols: [Octets]
    /// The negotiated compression of messages; nil if there is none.
    let deflate: DeflateParameters?

    /// Validates the handshake of a request that asks for a WebSocket. Throws a `Refusal` if it is invalid.
    init(_ head: RequestHead, deflates: Bool) throws(Refusal) {
        var key: Octets?
        var version: Octets?
        var subprotocols: [Octets] = []
        var deflate: DeflateParameters?
        for field in head.fields where field.name.size >= 17 {
            if field.name.equals("sec-websocket-key") {
                guard key == nil else { throw .badRequest("more than one sec-websocket-key") }
                key = field.value
            } else if field.name.equals("sec-websocket-version") {
                guard version == nil else { throw .badRequest("more than one sec-websocket-version") }
                version = field.value
            } else if field.name.equals("sec-websocket-protocol") {
                subprotocols = try Self.names(in: field.value, after: subprotocols)
            } else if field.name.equals("sec-websocket-extensions") {
                let offer = try DeflateParameters.first(in: field.value)
                deflate = deflate ?? offer
            }
        }
        guard version?.equals("13") == true else { throw Self.wrongVersion }
        if head.version != .http2 {
            guard let key, Self.isKey(key) else { throw .badRequest("sec-websocket-key is not 16 bytes in base64") }
            guard !head.framing.hasBody else { throw .badRequest("WebSocket handshake with a body") }
        }
        try Self.check(subprotocols)
        self.key = key ?? .empty
        self.subprotocols = subprotocols
        self.deflate = deflates ? deflate : nil
    }

    /// The refusal of another version. It names the supported version (RFC 6455 §4.4).
    static let wrongVersion = Refusal(
        status: 426, reason: "unsupported sec-websocket-version; use 13",
        lines: "upgrade: websocket\r\nsec-websocket-version: 13\r\n", offersUpgrade: true)

    private static func names(in field: Octets, after before: [Octets]) throws(Refusal) -> [Octets] {
        var list = ParameterList(field)
        var names = before
        while let name = list.nextElement() { names.append(name) }
        guard !list.isMalformed else { throw .badRequest("malformed sec-websocket-protocol") }
        return names
    }

    /// Checks that subprotocols are unique (RFC 6455 §4.1). Sorts them, since a header can contain thousands.
    private static func check(_ subprotocols: [Octets]) throws(Refusal) {
        guard subprotocols.count > 1 else { return }
        let sorted = subprotocols.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.equals(next) {
            throw .badRequest("duplicate subprotocol in sec-websocket-protocol")
        }
    }

    /// Whether the key is base64 of 16 bytes: 22 characters and padding. Unused bits of the last character are ignored,
    /// since some clients set them.
    private static func isKey(_ key: Octets) -> Bool {
        guard key.size == 24, key.bytes[22] == UInt8(ascii: "="), key.bytes[23] == UInt8(ascii: "=") else {
            return false
        }
        return key.bytes[..<22].allSatisfy { byte in
            ASCII.lowercased(byte) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
        }
    }

    /// The value of `sec-websocket-accept`: base64 of the SHA-1 of the key and a constant.
    var accept: String {
        var context = SHA1_CTX()
        SHA1Init(&context)
        for part in [self.key, Octets("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")] {
            SHA1Update(&context, part.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), part.size)
        }
        let digest = [UInt8](unsafeUninitializedCapacity: Int(SHA1_DIGEST_LENGTH)) { room, count in
            SHA1Final(room.baseAddress, &context)
            count = room.count
        }
        return Base64.text(of: digest)
    }
}
