import HTTPServer
import NIOCore

/// Appends one frame to a buffer. `end` fills in the size.
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

    /// Writes the rest of the payload, without a size prefix.
    func writeRest(_ bytes: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) { buffer.writeBytes(bytes) }

    /// Completes the frame: fills in its size.
    func end(in buffer: inout ByteBuffer) {
        let size = buffer.writerIndex - self.start - RelayFrame.headerSize
        buffer.setInteger(UInt32(size), at: self.start, endianness: .little)
    }
}
