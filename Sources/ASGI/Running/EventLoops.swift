import CASGI

/// The event loops of the host, as executors of one application: the extension `asgi.loop/1`.
struct EventLoops: Sendable {
    private let executors: [LoopExecutor]
    // SAFETY: the host's table is constant, and its functions are for any thread.
    private nonisolated(unsafe) let table: UnsafePointer<asgi_loop>

    /// Nil: this host does not have the extension.
    init?(_ lifespan: LifespanScope) {
        guard let table = lifespan.host.extension(lifespan.id, "asgi.loop/1", as: asgi_loop.self) else { return nil }
        self.table = table
        self.executors = (0..<table.pointee.count).map {
            LoopExecutor(number: $0, table: table, lifespan: lifespan.id)
        }
    }

    /// The calling thread's; nil: it is no loop.
    var current: LoopExecutor? {
        let number = Int(self.table.pointee.current())
        return self.executors.indices.contains(number) ? self.executors[number] : nil
    }
}
