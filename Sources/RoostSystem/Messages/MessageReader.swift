/// Decodes a message within its bounds. A value type without I/O.
///
/// The sender is not trusted: counts are checked against the remaining bytes before memory is allocated.
package struct MessageReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: some Collection<UInt8>) {
        self.bytes = ArraySlice(bytes)
        self.position = self.bytes.startIndex
    }

    package var isAtEnd: Bool { self.position == self.bytes.endIndex }

    private var remaining: Int { self.bytes.endIndex - self.position }

    package mutating func readNumber<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(MessageFault) -> Number {
        let size = MemoryLayout<Number>.size
        guard self.remaining >= size else { throw .truncated }
        defer { self.position += size }
        return self.bytes[self.position..<(self.position + size)].withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(as: Number.self))
        }
    }

    package mutating func readBytes() throws(MessageFault) -> [UInt8] {
        let count = Int(try self.readNumber(UInt32.self))
        guard self.remaining >= count else { throw .truncated }
        defer { self.position += count }
        return Array(self.bytes[self.position..<(self.position + count)])
    }

    package mutating func read<Value: MessageCodable>(_ type: Value.Type = Value.self) throws(MessageFault) -> Value {
        try Value(from: &self)
    }

    package mutating func readOptional<Value: MessageCodable>(
        _ type: Value.Type = Value.self
    ) throws(MessageFault) -> Value? {
        try self.read(Bool.self) ? try self.read(type) : nil
    }

    package mutating func readList<Value: MessageCodable>(
        _ type: Value.Type = Value.self
    ) throws(MessageFault) -> [Value] {
        let count = try self.readCount(ofAtLeast: Value.leastSize)
        var list: [Value] = []
        for _ in 0..<count { list.append(try self.read(type)) }
        return list
    }

    package mutating func readMap<Key: MessageCodable & Hashable, Value: MessageCodable>(
        _ key: Key.Type = Key.self, _ value: Value.Type = Value.self
    ) throws(MessageFault) -> [Key: Value] {
        let count = try self.readCount(ofAtLeast: Key.leastSize + Value.leastSize)
        var map: [Key: Value] = [:]
        for _ in 0..<count {
            let name = try self.read(key)
            guard map.updateValue(try self.read(value), forKey: name) == nil else {
                throw MessageFault("duplicate key in a message")
            }
        }
        return map
    }

    /// The number of elements that follow, each of at least `size` bytes.
    private mutating func readCount(ofAtLeast size: Int) throws(MessageFault) -> Int {
        let count = Int(try self.readNumber(UInt32.self))
        guard count <= self.remaining / size else { throw .truncated }
        return count
    }
}
