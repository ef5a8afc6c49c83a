/// What the fields of a response say, found in one look that also checks them. Nothing is written before all are good.
package struct ResponseFields {
    package let fields: HeaderFields
    /// What the application says about its body's length.
    package private(set) var contentLength: Int?
    private(set) var hasDate = false
    private(set) var hasServer = false
    /// The application asks for the connection to be closed after this response.
    package private(set) var close = false
    /// Bytes of the fields when they are written, at most.
    package private(set) var size = 0

    package init(_ fields: HeaderFields) throws(SendFault) {
        self.fields = fields
        for field in fields {
            try Self.check(field)
            self.size += field.name.size + field.value.size + 4
            switch field.name.size {
            case 4 where field.name.equalsIgnoringCase("date"): self.hasDate = true
            case 6 where field.name.equalsIgnoringCase("server"): self.hasServer = true
            case 10 where field.name.equalsIgnoringCase("connection"):
                if field.value.listContains("close") { self.close = true }
            case 14 where field.name.equalsIgnoringCase("content-length"):
                let length = try Self.length(field.value)
                if let before = self.contentLength, before != length { throw .contentLength }
                self.contentLength = length
            default: break
            }
        }
    }

    /// A name is a token, a value holds no control character: what would let an application's data split a response.
    package static func check(_ field: HeaderField) throws(SendFault) {
        guard field.name.size > 0, field.name.data != nil else { throw .fieldName }
        var allowed = true
        for byte in field.name.bytes { allowed = allowed && ASCII.isToken(byte) }
        guard allowed else { throw .fieldName }
        try self.check(value: field.value)
    }

    package static func check(value: Octets) throws(SendFault) {
        guard value.size == 0 || value.data != nil else { throw .fieldValue }
        var allowed = true
        for byte in value.bytes { allowed = allowed && ASCII.isFieldValue(byte) }
        guard allowed else { throw .fieldValue }
    }

    private static func length(_ value: Octets) throws(SendFault) -> Int {
        guard value.size > 0, value.size <= 18 else { throw .contentLength }
        var length = 0
        for byte in value.bytes {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { throw .contentLength }
            length = length * 10 + Int(digit)
        }
        return length
    }

    /// Whether a field is the server's own business: the framing and what concerns one connection (RFC 9110 §7.6.1).
    static func isServers(_ name: Octets) -> Bool {
        switch name.size {
        case 7: name.equalsIgnoringCase("upgrade")
        case 10: name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("keep-alive")
        case 14: name.equalsIgnoringCase("content-length")
        case 16: name.equalsIgnoringCase("proxy-connection")
        case 17: name.equalsIgnoringCase("transfer-encoding")
        default: false
        }
    }
}
