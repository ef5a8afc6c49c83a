import NIOCore

/// A frame of the relay, by which one process has another answer exchanges: its size, its kind, the stream that it belongs to.
///
/// Both ends are of the same `roost`: the format has no versions. Numbers are little-endian, as the machines are.
struct RelayFrame {
    enum Kind: UInt8 {
        // From the front, where the client is.
        /// A request has come.
        case request = 1
        /// A part of its body, and its last part.
        case part, lastPart
        /// The fields behind it.
        case requestTrailers
        /// A message of a WebSocket.
        case text, binary
        /// The client is gone; of a WebSocket with a code.
        case gone
        // From the back, where the application is.
        case start, hint, send, sendLast, trailers, lastTrailers, respond
        case accept, reject, rejectPart, rejectLast, close
        /// Whoever answers has no more time.
        case leave
        /// Whoever answers has finished, or failed.
        case end, failed
        // From both.
        /// So many bytes more may be sent.
        case credit
        /// Of no stream: no new request is to be sent here.
        case goAway
    }

    static let headSize = 9
    /// What one may hold: a head of a request or of a response, or a message.
    static let most = 1 << 30

    var kind: Kind
    var stream: UInt32
    var size: Int

    /// The head at the beginning of these bytes; nil: it has not come whole. Throws for what is none.
    init?(_ bytes: UnsafeRawBufferPointer) throws(RelayFault) {
        guard bytes.count >= Self.headSize else { return nil }
        self.size = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard let kind = Kind(rawValue: bytes[4]), self.size <= Self.most else { throw RelayFault() }
        self.kind = kind
        self.stream = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
    }
}

/// What came is no relay's.
struct RelayFault: Error {}

/// Writes a frame behind others.
struct RelayWriter {
    private let start: Int

    init(_ kind: RelayFrame.Kind, _ stream: UInt32, to buffer: inout ByteBuffer) {
        self.start = buffer.writerIndex
        buffer.writeInteger(0 as UInt32)
        buffer.writeInteger(kind.rawValue)
        buffer.writeInteger(stream, endianness: .little)
    }

    func write(_ number: some FixedWidthInteger, to buffer: inout ByteBuffer) {
        buffer.writeInteger(number, endianness: .little)
    }

    func write(_ octets: Octets, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(octets.size), endianness: .little)
        buffer.writeBytes(octets.bytes)
    }

    func write(_ fields: HeaderFields, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(fields.count), endianness: .little)
        for field in fields {
            self.write(field.name, to: &buffer)
            self.write(field.value, to: &buffer)
        }
    }

    /// Whatever is left of it.
    func writeRest(_ bytes: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) { buffer.writeBytes(bytes) }

    /// The frame is whole.
    func end(in buffer: inout ByteBuffer) {
        let size = buffer.writerIndex - self.start - RelayFrame.headSize
        buffer.setInteger(UInt32(size), at: self.start, endianness: .little)
    }
}

/// Reads what a frame holds, and nothing beyond. Lends.
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

    /// How many pairs, or others, follow, of so many bytes at least: no more than fit.
    mutating func count(ofAtLeast size: Int) throws(RelayFault) -> Int {
        let count = Int(try self.number(UInt32.self))
        guard count <= (self.bytes.count - self.at) / size else { throw RelayFault() }
        return count
    }

    /// Valid in `body` only.
    mutating func withFields<Result>(_ body: (HeaderFields) -> Result) throws(RelayFault) -> Result {
        let count = try self.count(ofAtLeast: 8)
        return try withUnsafeTemporaryAllocation(of: HeaderField.self, capacity: count) { table throws(RelayFault) in
            for at in 0..<count {
                table.initializeElement(at: at, to: HeaderField(name: try self.octets(), value: try self.octets()))
            }
            return body(HeaderFields(table))
        }
    }

    /// All that has not been read.
    var rest: Octets { Octets(UnsafeRawBufferPointer(rebasing: self.bytes[self.at...])) }
}
