/// Buffers that the WebSockets of a loop share, each within a single call. Loop-bound.
final class WebSocketScratch {
    /// For bytes that are unmasked before decompression, and for the payload of a control frame.
    let unmasked = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    /// For decompressed bytes.
    let inflated = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)

    deinit {
        self.unmasked.deallocate()
        self.inflated.deallocate()
    }
}

@available(*, unavailable)
extension WebSocketScratch: Sendable {}
