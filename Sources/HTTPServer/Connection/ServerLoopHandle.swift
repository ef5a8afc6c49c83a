public import NIOCore

extension ServerLoop {
    /// A loop as other threads hold it: it can be used on its own event loop only.
    public struct Handle: Sendable {
        public let eventLoop: any EventLoop
        public let bound: NIOLoopBound<ServerLoop>

        /// Wraps a value that belongs to the loop, so that other threads can hold it. On the loop.
        public func bound<Value>(_ value: Value) -> NIOLoopBound<Value> {
            NIOLoopBound(value, eventLoop: self.eventLoop)
        }

        /// On the loop.
        public init(_ loop: ServerLoop) {
            self.eventLoop = loop.eventLoop
            self.bound = NIOLoopBound(loop, eventLoop: loop.eventLoop)
        }
    }
}
