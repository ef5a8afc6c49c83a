import Czlib
import Glibc

/// Decompresses the messages of one WebSocket (RFC 7692 §7.2.2). Loop-bound.
///
/// Between messages its state can be freed, except for the used part of the window.
final class MessageInflater {
    /// Nil while the state is freed.
    private var stream: UnsafeMutablePointer<z_stream>?
    private var window: [UInt8] = []
    private let bits: Int32
    /// Whether the client's next message may refer to this one.
    private let keepsContext: Bool
    private var hasMore = false
    /// Set if the input after the last returned part is invalid.
    private var fault: WebSocketClose?

    init(bits: Int, keepsContext: Bool) {
        self.bits = Int32(bits)
        self.keepsContext = keepsContext
    }

    deinit { self.free() }

    /// Sets the input, which has to stay valid until `next` returns nil.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(WebSocketClose) {
        guard let stream = self.stream ?? self.make() else { throw Self.noMemory }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        self.hasMore = true
    }

    /// Decompresses the next part into `room`; returns nil if all input was processed.
    func next(_ room: UnsafeMutableRawBufferPointer) throws(WebSocketClose) -> UnsafeRawBufferPointer? {
        if let fault { throw fault }
        guard self.hasMore, let stream else { return nil }
        while true {
            stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room.count)
            let code = inflate(stream, Z_SYNC_FLUSH)
            guard code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END else {
                let fault =
                    code == Z_MEM_ERROR
                    ? Self.noMemory : WebSocketClose(WebSocketClose.notUTF8, "invalid compressed data")
                self.fault = fault
                let count = room.count - Int(stream.pointee.avail_out)
                guard count > 0 else { throw fault }
                return UnsafeRawBufferPointer(rebasing: room[..<count])
            }
            let count = room.count - Int(stream.pointee.avail_out)
            if code == Z_STREAM_END, stream.pointee.avail_in > 0 {
                // A final block may come anywhere (RFC 7692 §7.2.3.5). The data after it uses the same window.
                self.restart(stream)
                if count == 0 { continue }
            } else {
                // If there is room left, all input was processed.
                self.hasMore = stream.pointee.avail_out == 0 && code != Z_STREAM_END
            }
            return count > 0 ? UnsafeRawBufferPointer(rebasing: room[..<count]) : nil
        }
    }

    func messageEnded() {
        if let stream, !self.keepsContext { inflateReset(stream) }
    }

    /// Frees the state that is not needed until the next message.
    func putAside() {
        guard let stream else { return }
        self.window = self.keepsContext ? Self.window(of: stream) : []
        self.free()
    }

    private func restart(_ stream: UnsafeMutablePointer<z_stream>) {
        let window = Self.window(of: stream)
        inflateReset(stream)
        inflateSetDictionary(stream, window, UInt32(window.count))
    }

    private static func window(of stream: UnsafeMutablePointer<z_stream>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32 * 1024) { room, count in
            var size: UInt32 = 0
            inflateGetDictionary(stream, room.baseAddress, &size)
            count = Int(size)
        }
    }

    private static let noMemory = WebSocketClose(WebSocketClose.serverError, "out of memory")

    private func make() -> UnsafeMutablePointer<z_stream>? {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard roost_inflate_init(stream, -self.bits) == Z_OK else {
            stream.deallocate()
            return nil
        }
        if !self.window.isEmpty {
            inflateSetDictionary(stream, self.window, UInt32(self.window.count))
            self.window = []
        }
        self.stream = stream
        return stream
    }

    private func free() {
        guard let stream else { return }
        inflateEnd(stream)
        stream.deallocate()
        self.stream = nil
    }
}

@available(*, unavailable)
extension MessageInflater: Sendable {}
