/// Memory that the WebSockets of a loop use in turn, within one call. Loop-bound.
final class WebSocketScratch {
    /// What is unmasked before it is inflated, and the payload of a control frame.
    let unmasked = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    /// What was inflated.
    let inflated = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)

    deinit {
        self.unmasked.deallocate()
        self.inflated.deallocate()
    }
}

@available(*, unavailable)
extension WebSocketScratch: Sendable {}
