import CASGI

/// The event loops of the host, as task executors of one application (extension `asgi.loop/1`).
struct EventLoops: Sendable {
    private let executors: [LoopExecutor]
    // SAFETY: the host's table is constant, and its functions are thread-safe.
    private nonisolated(unsafe) let table: UnsafePointer<asgi_loop>

    /// Nil if the host does not have the extension.
    init?(_ lifespan: LifespanScope) {
        guard let table = lifespan.host.extension(lifespan.id, "asgi.loop/1", as: asgi_loop.self) else { return nil }
        self.table = table
        self.executors = (0..<table.pointee.count).map {
            LoopExecutor(number: $0, table: table, lifespan: lifespan.id)
        }
    }

    /// The loop of the calling thread; nil if the thread is not an event loop.
    var current: LoopExecutor? {
        let number = Int(self.table.pointee.current())
        return self.executors.indices.contains(number) ? self.executors[number] : nil
    }
}
