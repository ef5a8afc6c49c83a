/// The interface of a connection to its `ServerLoop`, for every protocol. Loop-bound.
package protocol ServerConnection: AnyObject {
    /// Whether the connection counts towards the connection limit and keeps the deadline sweep running.
    var isCounted: Bool { get }
    /// Whether its exchanges are answered in this process. A graceful shutdown of the loop waits for these connections.
    var serves: Bool { get }

    /// Processes buffered input. Called in a turn, after `ServerLoop.willProceed`.
    func proceed()
    /// Writes the queued output, and closes the connection if requested. Called after a batch (`FlushBatch`), after
    /// `ServerLoop.willFlush`.
    func flush()
    /// Ends requests and connections that have passed a deadline. Called once a second.
    func checkDeadlines()
    /// Frees memory that was kept for a peak of load.
    func trim()
    /// Asks the peer to begin no new exchange. Called when a graceful shutdown starts.
    func stop()
    /// Closes the connection if it has no exchange. Called during a graceful shutdown.
    func closeIfIdle()
    /// Ends all open exchanges and notifies their owners. Called when the drain timeout has passed.
    func giveUp()
    /// Closes the connection at once.
    func abort()
}

/// Default implementations, for connections without these duties.
extension ServerConnection {
    package func proceed() {}
    package func checkDeadlines() {}
    package func trim() {}
    package func stop() {}
    package func closeIfIdle() {}
}
