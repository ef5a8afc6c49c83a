import Czlib
import NIOCore

/// Compresses the messages to one WebSocket (RFC 7692 §7.2.1). Loop-bound.
///
/// Its state can be freed between messages. The next message then refers to none before it. The client does not notice.
final class MessageDeflater {
    /// Nil while no state is kept.
    private var stream: UnsafeMutablePointer<z_stream>?
    private let bits: Int32
    /// Whether a message may refer to earlier ones.
    private let keepsContext: Bool

    /// With this window and memory level the state takes 38 KiB. Larger values hardly compress better.
    static let maxBits = 12
    private static let memoryLevel: Int32 = 5
    /// The message sizes that are compressed. Smaller messages do not shrink; larger ones would block the event loop.
    static let sizes = 64...(1 << 20)

    init(bits: Int, keepsContext: Bool) {
        self.bits = Int32(min(bits, Self.maxBits))
        self.keepsContext = keepsContext
    }

    deinit { self.putAside() }

    /// Returns the compressed payload; nil if memory is lacking: the message is then sent uncompressed.
    func deflate(_ message: UnsafeRawBufferPointer) -> ByteBuffer? {
        guard let stream = self.stream ?? self.make() else { return nil }
        if !self.keepsContext { deflateReset(stream) }
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: message.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(message.count)
        var output = ByteBufferAllocator().buffer(capacity: max(message.count / 2, 64))
        repeat {
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: max(message.count / 4, 64)) { room in
                stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(clamping: room.count)
                let before = stream.pointee.avail_out
                Czlib.deflate(stream, Z_SYNC_FLUSH)
                return Int(before - stream.pointee.avail_out)
            }
        } while stream.pointee.avail_out == 0
        // The end of the flush, 00 00 ff ff, is removed (RFC 7692 §7.2.1).
        return output.getSlice(at: output.readerIndex, length: output.readableBytes - 4)
    }

    /// Frees the state that is not needed until the next message.
    func putAside() {
        guard let stream else { return }
        deflateEnd(stream)
        stream.deallocate()
        self.stream = nil
    }

    private func make() -> UnsafeMutablePointer<z_stream>? {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard roost_deflate_init(stream, Z_DEFAULT_COMPRESSION, -self.bits, Self.memoryLevel) == Z_OK else {
            stream.deallocate()
            return nil
        }
        self.stream = stream
        return stream
    }
}

@available(*, unavailable)
extension MessageDeflater: Sendable {}
