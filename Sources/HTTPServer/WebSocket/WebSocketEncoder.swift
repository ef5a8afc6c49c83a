import Glibc
import NIOCore

/// Encodes server frames: complete messages and control frames, not masked (RFC 6455 §5).
enum WebSocketEncoder {
    /// The maximum size of a frame header, in bytes.
    static let longestHead = 10

    /// Writes the frame header of a message. The caller then writes the payload.
    static func writeHead(size: Int, isText: Bool, isCompressed: Bool, into buffer: inout ByteBuffer) {
        let opcode: WebSocketFrameHead.Opcode = isText ? .text : .binary
        self.write(opcode, size: size, isCompressed: isCompressed, payload: Octets.empty.bytes, into: &buffer)
    }

    /// Writes a complete message as one frame.
    static func write(
        _ payload: UnsafeRawBufferPointer, isText: Bool, isCompressed: Bool, into buffer: inout ByteBuffer
    ) {
        let opcode: WebSocketFrameHead.Opcode = isText ? .text : .binary
        self.write(opcode, size: payload.count, isCompressed: isCompressed, payload: payload, into: &buffer)
    }

    static func writePing(into buffer: inout ByteBuffer) {
        self.write(.ping, size: 0, isCompressed: false, payload: Octets.empty.bytes, into: &buffer)
    }

    static func writePong(_ payload: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        self.write(.pong, size: payload.count, isCompressed: false, payload: payload, into: &buffer)
    }

    /// Writes a close frame, without a code if the code may not be sent (RFC 6455 §5.5.1).
    static func write(_ close: WebSocketClose, into buffer: inout ByteBuffer) {
        guard WebSocketClose.mayBeSent(close.code) else {
            return self.write(.close, size: 0, isCompressed: false, payload: Octets.empty.bytes, into: &buffer)
        }
        var payload = [UInt8(truncatingIfNeeded: close.code >> 8), UInt8(truncatingIfNeeded: close.code)]
        payload += close.reason
        payload.withUnsafeBytes { self.write(.close, size: $0.count, isCompressed: false, payload: $0, into: &buffer) }
    }

    @inline(__always)
    private static func write(
        _ opcode: WebSocketFrameHead.Opcode, size: Int, isCompressed: Bool, payload: UnsafeRawBufferPointer,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.longestHead + payload.count) { room in
            room[0] = 0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue
            var at = 2
            if size < 126 {
                room[1] = UInt8(size)
            } else if size <= 0xffff {
                room[1] = 126
                room.storeBytes(of: UInt16(size).bigEndian, toByteOffset: 2, as: UInt16.self)
                at = 4
            } else {
                room[1] = 127
                room.storeBytes(of: UInt64(size).bigEndian, toByteOffset: 2, as: UInt64.self)
                at = 10
            }
            if let bytes = payload.baseAddress { memcpy(room.baseAddress! + at, bytes, payload.count) }
            return at + payload.count
        }
    }
}
