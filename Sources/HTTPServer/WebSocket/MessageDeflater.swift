import Czlib
import NIOCore

/// Deflates messages to one WebSocket (RFC 7692 §7.2.1). Loop-bound.
///
/// Its state can be given back between messages: the next one then refers to none before it, which the client need not know.
final class MessageDeflater {
    /// Nil while nothing is kept.
    private var stream: UnsafeMutablePointer<z_stream>?
    private let bits: Int32
    /// The next message may refer to this one.
    private let keepsContext: Bool

    /// A window and a memory level that need 38 KiB: beyond, messages get hardly smaller.
    static let mostBits = 12
    private static let memoryLevel: Int32 = 5
    /// Below, a message gets no smaller; above, to deflate it would hold the loop up.
    static let sizes = 64...(1 << 20)

    init(bits: Int, keepsContext: Bool) {
        self.bits = Int32(min(bits, Self.mostBits))
        self.keepsContext = keepsContext
    }

    deinit { self.putAside() }

    /// The message as it goes into a frame; nil: there is no memory to deflate with, it goes as it is.
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
        // The end of the flush, 00 00 ff ff, is left out (RFC 7692 §7.2.1).
        return output.getSlice(at: output.readerIndex, length: output.readableBytes - 4)
    }

    /// Gives back what is not needed until the next message.
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
