/// Reads values of DER one after another (ITU-T X.690 §8.1, §10.1). A value without I/O.
struct DERReader {
    struct Value {
        let tag: UInt8
        let content: ArraySlice<UInt8>
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.rest = bytes }

    var isAtEnd: Bool { self.rest.isEmpty }

    /// Returns the next value; nil at the end, and if the bytes are malformed.
    mutating func next() -> Value? {
        var bytes = self.rest
        guard let tag = bytes.popFirst(), let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first & 0x80 != 0 {
            let count = Int(first & 0x7f)
            guard 1...4 ~= count, bytes.count >= count else { return nil }
            length = bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(count)
        }
        guard bytes.count >= length else { return nil }
        self.rest = bytes.dropFirst(length)
        return Value(tag: tag, content: bytes.prefix(length))
    }

    /// Returns the next value if it has this tag.
    mutating func next(_ tag: UInt8) -> DERReader? {
        guard let value = self.next(), value.tag == tag else { return nil }
        return DERReader(value.content)
    }
}
