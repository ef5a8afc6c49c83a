import NIOCore

/// The start of a response, until the first part of its body says how long it is. A value without I/O.
struct HeldStart {
    /// Nobody has said how long it is.
    static let noLength = UInt64.max
    private static let numberAt = RelayFrame.headSize
    private static let lengthAt = RelayFrame.headSize + 8
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

    /// The whole frame; nil: it has gone.
    mutating func take(number: UInt64, length: Int?) -> ByteBuffer? {
        guard var frame = self.frame else { return nil }
        self.frame = nil
        frame.setInteger(number, at: Self.numberAt, endianness: .little)
        frame.setInteger(length.map { UInt64($0) } ?? Self.noLength, at: Self.lengthAt, endianness: .little)
        return frame
    }
}
