import HTTPServer

/// The fields of a query, or of a form that is URL-encoded (https://url.spec.whatwg.org/#urlencoded-parsing).
///
/// Nothing is malformed: a `%` without two digits stands for itself; bytes that are no UTF-8 are replaced, and the field is known for it.
enum URLEncodedFields {
    struct Field {
        let name: Octets
        let value: Octets
        /// Something had to be replaced.
        let isMended: Bool
    }

    /// Nil: there are more than `most`.
    static func read(_ text: Octets, most: Int, into arena: inout Arena) -> [Field]? {
        var fields: [Field] = []
        var rest = text.bytes[...]
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest.dropFirst(pair.count + 1)
            guard !pair.isEmpty else { continue }
            guard fields.count < most else { return nil }
            let split = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let (name, nameIsMended) = Self.decode(UnsafeRawBufferPointer(rebasing: pair[..<split]), into: &arena)
            let (value, valueIsMended) = Self.decode(
                UnsafeRawBufferPointer(rebasing: pair[split...].dropFirst()), into: &arena)
            fields.append(Field(name: name, value: value, isMended: nameIsMended || valueIsMended))
        }
        return fields
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer, into arena: inout Arena) -> (Octets, isMended: Bool) {
        let decoded = arena.allocate(bytes.count).assumingMemoryBound(to: UInt8.self)
        var count = 0
        var at = 0
        while at < bytes.count {
            var byte = bytes[at]
            if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            } else if byte == UInt8(ascii: "%"), at + 2 < bytes.count, let high = ASCII.hexadecimal(bytes[at + 1]),
                let low = ASCII.hexadecimal(bytes[at + 2])
            {
                byte = high << 4 | low
                at += 2
            }
            decoded[count] = byte
            count += 1
            at += 1
        }
        let text = Octets(decoded, count)
        return text.validated(into: &arena)
    }
}

extension Octets {
    /// The same where it is UTF-8; else a copy with what is not replaced by U+FFFD.
    func validated(into arena: inout Arena) -> (Octets, isMended: Bool) {
        guard !self.bytes.allSatisfy({ $0 < 0x80 }), String(validating: self.bytes, as: UTF8.self) == nil else {
            return (self, false)
        }
        return (Array(self.text.utf8).withUnsafeBytes { arena.copy($0) }, true)
    }
}
