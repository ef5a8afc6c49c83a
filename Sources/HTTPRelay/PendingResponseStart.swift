import HTTPServer
import NIOCore

/// The start of a response, held back until the first body part determines the length. A value without I/O.
struct PendingResponseStart {
    /// Encodes an unknown body length.
    static let noLength = UInt64.max
    private static let numberAt = RelayFrame.headerSize
    private static let lengthAt = RelayFrame.headerSize + 8
    private var frame: ByteBuffer?

    mutating func start(status: Int, trailers: Bool, _ fields: HeaderFields, stream: UInt32) {
        var frame = ByteBuffer()
        let writer = RelayWriter(.start, stream, to: &frame)
        writer.write(0 as UInt64, to: &frame)
        writer.write(Self.noLength, to: &frame)
        writer.write(UInt16(status), to: &frame)
        writer.write(UInt8(trailers ? 1 : 0), to: &frame)
        writer.write(fields, to: &frame)
        writer.end(in: &frame)
        self.frame = frame
    }

    /// Returns the whole frame the first time; `nil` after that.
    mutating func release(number: UInt64, length: Int?) -> ByteBuffer? {
        guard var frame = self.frame else { return nil }
        self.frame = nil
        frame.setInteger(number, at: Self.numberAt, endianness: .little)
        frame.setInteger(length.map { UInt64($0) } ?? Self.noLength, at: Self.lengthAt, endianness: .little)
        return frame
    }
}
