/// A connection as its `ServerLoop` knows it, whatever protocol it uses. Loop-bound.
package protocol ServerConnection: AnyObject {
    /// Whether the connection counts towards the limit of connections, and is swept for deadlines.
    var isCounted: Bool { get }
    /// Whether its exchanges are answered in this process. A graceful shutdown of the loop waits for such connections.
    var serves: Bool { get }

    /// Processes input that has arrived. Called in a turn, after `ServerLoop.willProceed`.
    func proceed()
    /// Writes the queued output, and closes if that is due. Called at the end of a turn, after `ServerLoop.willFlush`.
    func flush()
    /// Ends what has passed its deadline. Called once a second.
    func checkDeadlines()
    /// Frees memory that was kept for a peak of load.
    func trim()
    /// Tells the peer to begin no new exchange. Called when a graceful shutdown starts.
    func stop()
    /// Closes the connection if it has no exchange. Called during a graceful shutdown.
    func closeIfIdle()
    /// Tells the owners of its exchanges that their clients are gone. Called when the drain timeout has passed.
    func giveUp()
    /// Closes the connection at once.
    func abort()
}

/// What a connection without such a duty does.
extension ServerConnection {
    package func proceed() {}
    package func checkDeadlines() {}
    package func trim() {}
    package func stop() {}
    package func closeIfIdle() {}
}
