/// A strict JSON reader (RFC 8259): a violation of the grammar is refused, with its byte offset.
///
/// Stricter than §4 in one point: a duplicate key of an object is refused, since choosing either value would be a
/// guess. Keys are compared as Swift strings: "é" as one code point and as two is the same key.
struct JSONReader {
    /// Maximum depth of nested lists and objects: reading and decoding recurse once per level.
    static let deepest = 64

    /// Why the bytes are not JSON. `offset`: the byte at fault, counted from 0.
    struct Failure: Error, Equatable {
        let offset: Int
        let reason: String
    }

    private let bytes: [UInt8]
    private(set) var offset = 0

    private init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

    /// Reads the single value of a document, with white space around it.
    static func read(_ bytes: some Collection<UInt8>) throws(Failure) -> JSONValue {
        var reader = JSONReader(bytes)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.peek == nil else { throw reader.failure("unexpected text after the value") }
        return value
    }

    /// The next byte; nil at the end.
    var peek: UInt8? { self.offset < self.bytes.count ? self.bytes[self.offset] : nil }

    mutating func advance() { self.offset += 1 }

    /// Skips the next byte if it is `character`. Returns whether it was.
    mutating func consume(_ character: Unicode.Scalar) -> Bool {
        guard let byte = self.peek, byte == UInt8(ascii: character) else { return false }
        self.offset += 1
        return true
    }

    /// Returns the text since `start`; nil if it is not UTF-8.
    func text(from start: Int) -> String? { String(validating: self.bytes[start..<self.offset], as: UTF8.self) }

    func failure(_ reason: String, at offset: Int? = nil) -> Failure {
        let isEnd = offset == nil && self.peek == nil
        return Failure(offset: offset ?? self.offset, reason: isEnd ? "unexpected end" : reason)
    }

    private mutating func skipSpace() {
        while let byte = self.peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { self.offset += 1 }
    }

    /// Reads a value. `depth`: the number of enclosing lists and objects.
    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard let byte = self.peek else { throw self.failure("expected a value") }
        switch byte {
        case UInt8(ascii: "{"): return try self.object(depth: depth)
        case UInt8(ascii: "["): return try self.array(depth: depth)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try self.number())
        default: throw self.failure("expected a value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        let start = self.offset
        for byte in "\(word)".utf8 {
            guard self.peek == byte else { throw self.failure("expected true, false or null", at: start) }
            self.offset += 1
        }
        return value
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        try self.open(depth)
        var elements: [JSONValue] = []
        guard !self.consume("]") else { return .array(elements) }
        while true {
            self.skipSpace()
            elements.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.consume("]") { return .array(elements) }
            guard self.consume(",") else { throw self.failure("expected a comma or the end of the list") }
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        try self.open(depth)
        var members: [(key: String, value: JSONValue)] = []
        var keys: Set<String> = []
        guard !self.consume("}") else { return .object(members) }
        while true {
            self.skipSpace()
            let start = self.offset
            guard self.peek == UInt8(ascii: "\"") else { throw self.failure("expected a quoted key") }
            let key = try self.string()
            guard keys.insert(key).inserted else {
                throw self.failure("duplicate key '\(Wording.shortened(key))'", at: start)
            }
            self.skipSpace()
            guard self.consume(":") else { throw self.failure("expected a colon") }
            self.skipSpace()
            members.append((key, try self.value(depth: depth + 1)))
            self.skipSpace()
            if self.consume("}") { return .object(members) }
            guard self.consume(",") else { throw self.failure("expected a comma or the end of the object") }
        }
    }

    /// Skips an opening bracket, after checking the depth.
    private mutating func open(_ depth: Int) throws(Failure) {
        guard depth < Self.deepest else { throw self.failure("nested deeper than \(Self.deepest) levels") }
        self.offset += 1
        self.skipSpace()
    }
}
