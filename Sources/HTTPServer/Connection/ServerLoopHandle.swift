public import NIOCore

extension ServerLoop {
    /// A reference to a loop for other threads. The loop itself can be used on its own event loop only.
    public struct Handle: Sendable {
        public let eventLoop: any EventLoop
        public let bound: NIOLoopBound<ServerLoop>

        /// Wraps a loop-bound value so that other threads can hold it. Called on the loop.
        public func bound<Value>(_ value: Value) -> NIOLoopBound<Value> {
            NIOLoopBound(value, eventLoop: self.eventLoop)
        }

        /// Called on the loop.
        public init(_ loop: ServerLoop) {
            self.eventLoop = loop.eventLoop
            self.bound = NIOLoopBound(loop, eventLoop: loop.eventLoop)
        }
    }
}
