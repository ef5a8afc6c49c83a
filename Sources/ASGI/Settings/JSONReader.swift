/// Reads JSON strictly (RFC 8259): what the grammar does not allow is refused, with the byte where it stands.
///
/// Stricter than §4 asks in one point: a key that stands twice in an object is refused, as either value would be a
/// guess. Keys are compared as Swift compares strings, so that "é" in one and in two code points is one key.
struct JSONReader {
    /// How deep lists and objects may nest: reading and decoding call themselves once for each level.
    static let deepest = 64

    /// Why the bytes are no JSON, and at which of them, counted from 0.
    struct Failure: Error, Equatable {
        let offset: Int
        let reason: String
    }

    private let bytes: [UInt8]
    private(set) var offset = 0

    private init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

    /// The one value that the bytes are, with white space around it.
    static func read(_ bytes: some Collection<UInt8>) throws(Failure) -> JSONValue {
        var reader = JSONReader(bytes)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.peek == nil else { throw reader.failure("unexpected text after the value") }
        return value
    }

    /// The byte that is next; nil: the end.
    var peek: UInt8? { self.offset < self.bytes.count ? self.bytes[self.offset] : nil }

    mutating func advance() { self.offset += 1 }

    /// Passes the byte if it is next.
    mutating func consume(_ character: Unicode.Scalar) -> Bool {
        guard let byte = self.peek, byte == UInt8(ascii: character) else { return false }
        self.offset += 1
        return true
    }

    /// What was read since `start`. nil: it is no UTF-8.
    func text(from start: Int) -> String? { String(validating: self.bytes[start..<self.offset], as: UTF8.self) }

    func failure(_ reason: String, at offset: Int? = nil) -> Failure {
        let isEnd = offset == nil && self.peek == nil
        return Failure(offset: offset ?? self.offset, reason: isEnd ? "unexpected end" : reason)
    }

    private mutating func skipSpace() {
        while let byte = self.peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { self.offset += 1 }
    }

    /// `depth`: how many lists and objects are open around it.
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

    /// Passes the bracket.
    private mutating func open(_ depth: Int) throws(Failure) {
        guard depth < Self.deepest else { throw self.failure("nested deeper than \(Self.deepest) levels") }
        self.offset += 1
        self.skipSpace()
    }
}
