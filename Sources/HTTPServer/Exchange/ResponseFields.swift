/// The validated fields of a response header, and what the server needs to know from them.
///
/// Created in one pass; nothing is written before all fields are valid.
package struct ResponseFields {
    package let fields: HeaderFields
    /// The `content-length` that the handler has set.
    package private(set) var contentLength: Int?
    private(set) var hasDate = false
    private(set) var hasServer = false
    /// Whether the handler has set `connection: close`.
    private(set) var close = false
    /// Whether a name has upper-case letters, which are written in lower case.
    private(set) var hasUpperCase = false
    /// The maximum encoded size of the fields, in bytes.
    package private(set) var size = 0

    package init(_ fields: HeaderFields) throws(SendFault) {
        self.fields = fields
        for field in fields {
            if try Self.check(field) { self.hasUpperCase = true }
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

    /// Checks that the name is a token and that the value holds no control character (RFC 9110 §5.1, §5.5). An invalid
    /// field could split the response. Returns whether the name has upper-case letters.
    @discardableResult
    package static func check(_ field: HeaderField) throws(SendFault) -> Bool {
        guard field.name.size > 0, field.name.data != nil else { throw .fieldName }
        var kinds = UInt8(0)
        for byte in field.name.bytes { kinds |= ASCII.nameKind(byte) }
        guard kinds & ASCII.notInName == 0 else { throw .fieldName }
        try self.check(value: field.value)
        return kinds & ASCII.upperCase != 0
    }

    static func check(value: Octets) throws(SendFault) {
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

    /// Whether only the server sets the field: framing and connection-specific fields (RFC 9110 §7.6.1).
    package static func isServerControlled(_ name: Octets) -> Bool {
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
