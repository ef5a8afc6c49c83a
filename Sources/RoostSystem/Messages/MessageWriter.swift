/// Encodes a message. Numbers are little-endian; strings, byte arrays and lists are preceded by their count. A value
/// type without I/O.
package struct MessageWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func writeNumber(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    package mutating func write(bytes: [UInt8]) {
        self.writeNumber(UInt32(bytes.count))
        self.bytes += bytes
    }

    package mutating func write(_ value: some MessageCodable) { value.encode(to: &self) }

    package mutating func write(_ value: (some MessageCodable)?) {
        self.write(value != nil)
        if let value { self.write(value) }
    }

    package mutating func write(_ list: some Collection<some MessageCodable>) {
        self.writeNumber(UInt32(list.count))
        for element in list { self.write(element) }
    }

    /// Writes a map sorted by key, so that equal maps have equal bytes.
    package mutating func write<Key: MessageCodable & Comparable>(_ map: [Key: some MessageCodable]) {
        self.writeNumber(UInt32(map.count))
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            self.write(key)
            self.write(value)
        }
    }
}
