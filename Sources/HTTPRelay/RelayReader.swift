import HTTPServer

/// Reads the payload of a frame within its bounds. Returned bytes point into the payload.
struct RelayReader {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(RelayFault) -> Number {
        guard self.bytes.count - self.at >= MemoryLayout<Number>.size else { throw RelayFault() }
        defer { self.at += MemoryLayout<Number>.size }
        return Number(littleEndian: self.bytes.loadUnaligned(fromByteOffset: self.at, as: Number.self))
    }

    mutating func octets() throws(RelayFault) -> Octets {
        let size = Int(try self.number(UInt32.self))
        guard self.bytes.count - self.at >= size else { throw RelayFault() }
        defer { self.at += size }
        return Octets(UnsafeRawBufferPointer(rebasing: self.bytes[self.at..<(self.at + size)]))
    }

    /// Returns the number of items that follow, each of at least `size` bytes. Throws if the payload cannot hold so
    /// many.
    mutating func count(ofAtLeast size: Int) throws(RelayFault) -> Int {
        let count = Int(try self.number(UInt32.self))
        guard count <= (self.bytes.count - self.at) / size else { throw RelayFault() }
        return count
    }

    /// The fields are valid in `body` only.
    mutating func withFields<Result>(_ body: (HeaderFields) -> Result) throws(RelayFault) -> Result {
        let count = try self.count(ofAtLeast: 8)
        return try withUnsafeTemporaryAllocation(of: HeaderField.self, capacity: count) { table throws(RelayFault) in
            for at in 0..<count {
                table.initializeElement(at: at, to: HeaderField(name: try self.octets(), value: try self.octets()))
            }
            return body(HeaderFields(table))
        }
    }

    /// The bytes that have not been read.
    var rest: Octets { Octets(UnsafeRawBufferPointer(rebasing: self.bytes[self.at...])) }
}
