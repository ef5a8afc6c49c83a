import CASGI
import CViews
import HTTPServer

/// The fields of a query, or of a URL-encoded form (https://url.spec.whatwg.org/#urlencoded-parsing).
///
/// No input is malformed: a `%` without two digits stands for itself. Bytes that are not UTF-8 are replaced, and the
/// field is listed in `mended`.
enum URLEncodedFields {
    /// Decodes the fields. Returns nil, without allocating memory, if there are more than `most`.
    static func read(_ text: Octets, most: Int, into arena: inout Arena) -> DecodedFields? {
        let bytes = text.bytes
        let count = Self.count(bytes)
        guard count <= most else { return nil }
        guard count > 0 else { return DecodedFields() }
        let fields = arena.allocate(count, of: asgi_header.self)
        var decoded = DecodedFields(start: fields, count: count)
        // Decoded bytes are never longer than encoded ones.
        var room = arena.allocate(bytes.count, of: UInt8.self)
        var (field, at) = (0, 0)
        while at < bytes.count {
            let start = at
            var split = -1
            while at < bytes.count, bytes[at] != UInt8(ascii: "&") {
                if split < 0, bytes[at] == UInt8(ascii: "=") { split = at }
                at += 1
            }
            let end = at
            at += 1
            guard end > start else { continue }
            let hasValue = split >= 0
            let name = Self.decode(bytes, start..<(hasValue ? split : end), &room, &arena)
            let value = Self.decode(bytes, (hasValue ? split + 1 : end)..<end, &room, &arena)
            (fields + field).initialize(to: asgi_header(name: asgi_string(name.text), value: asgi_string(value.text)))
            if name.isRepaired || value.isRepaired { decoded.mended.append(field) }
            field += 1
        }
        return decoded
    }

    /// The number of fields: the parts between ampersands that are not empty.
    private static func count(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        var isEmpty = true
        for byte in bytes {
            if byte == UInt8(ascii: "&") {
                isEmpty = true
            } else if isEmpty {
                isEmpty = false
                count += 1
            }
        }
        return count
    }

    @inline(__always)
    private static func decode(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ room: inout UnsafeMutablePointer<UInt8>,
        _ arena: inout Arena
    ) -> (text: Octets, isRepaired: Bool) {
        let start = room
        var all: UInt8 = 0
        var at = range.lowerBound
        while at < range.upperBound {
            var byte = bytes[at]
            if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            } else if byte == UInt8(ascii: "%"), at + 2 < range.upperBound,
                let high = ASCII.hexadecimal(bytes[at + 1]), let low = ASCII.hexadecimal(bytes[at + 2])
            {
                byte = high << 4 | low
                at += 2
            }
            room.pointee = byte
            all |= byte
            room += 1
            at += 1
        }
        let text = Octets(UnsafeRawBufferPointer(start: start, count: room - start))
        return all < 0x80 ? (text, false) : text.validated(into: &arena)
    }
}

extension Octets {
    /// The same bytes if they are UTF-8; otherwise a copy with invalid bytes replaced by U+FFFD.
    func validated(into arena: inout Arena) -> (text: Octets, isRepaired: Bool) {
        guard !self.bytes.allSatisfy({ $0 < 0x80 }), String(validating: self.bytes, as: UTF8.self) == nil else {
            return (self, false)
        }
        return (Array(self.text.utf8).withUnsafeBytes { arena.copy($0) }, true)
    }
}
