package import NIOCore

/// The response that accepts a handshake (RFC 6455 §4.2.2). Borrows the handler's subprotocol and fields.
package struct AcceptedHandshake {
    private let handshake: WebSocketHandshake
    private let subprotocol: Octets
    private let fields: ResponseFields

    /// Throws `SendFault` if the response would be invalid.
    init(_ handshake: WebSocketHandshake, subprotocol: Octets, fields: HeaderFields) throws(SendFault) {
        self.fields = try Self.check(subprotocol: subprotocol, offered: handshake.subprotocols, fields: fields)
        self.handshake = handshake
        self.subprotocol = subprotocol
    }

    /// Checks the subprotocol and the fields that the handler has set.
    package static func check(
        subprotocol: Octets, offered: some Sequence<Octets>, fields: HeaderFields
    ) throws(SendFault) -> ResponseFields {
        // A client fails the connection if it gets a subprotocol that it did not offer (RFC 6455 §4.1).
        guard subprotocol.size == 0 || offered.contains(where: { $0.equals(subprotocol) }) else { throw .subprotocol }
        let checked = try ResponseFields(fields)
        for field in fields
        where field.name.size >= 14
            && Octets(data: field.name.data, size: 14).equalsIgnoringCase("sec-websocket-")
        {
            throw .acceptField
        }
        return checked
    }

    /// Calls `body` with each field of a response over HTTP/2, which has no fields of an upgrade (RFC 8441 §5).
    func forEachField(_ body: (HeaderField) -> Void) {
        for field in self.fields.fields where !ResponseFields.isServerControlled(field.name) { body(field) }
        if self.subprotocol.size > 0 {
            body(HeaderField(name: Octets("sec-websocket-protocol"), value: self.subprotocol))
        }
    }

    /// The extensions of the response; nil for none.
    var extensions: String? { self.handshake.deflate?.answer }
    /// The number of the fields, and the bytes of their names.
    var fieldCount: Int { self.fields.fields.count + 2 }
    var hasDate: Bool { self.fields.hasDate }
    var hasServer: Bool { self.fields.hasServer }
    var nameBytes: Int { self.fields.size + 64 }

    package func write(loop: ServerLoop, into buffer: inout ByteBuffer) {
        HTTP1Encoder.writeStart(status: 101, fields: self.fields, loop: loop, into: &buffer)
        buffer.writeStaticString("upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ")
        buffer.writeString(self.handshake.accept)
        if self.subprotocol.size > 0 {
            buffer.writeStaticString("\r\nsec-websocket-protocol: ")
            buffer.writeBytes(self.subprotocol.bytes)
        }
        if let deflate = self.handshake.deflate {
            buffer.writeStaticString("\r\nsec-websocket-extensions: ")
            buffer.writeString(deflate.answer)
        }
        buffer.writeStaticString("\r\n\r\n")
    }
}
