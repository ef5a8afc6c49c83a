/// A connection that carries several exchanges at a time, of a protocol that a target above implements. Loop-bound.
package protocol MultiplexedConnection: AnyObject {
    /// Whether the exchanges are answered in this process. A graceful shutdown of the loop waits for such connections.
    var serves: Bool { get }
    /// Writes the queued output. Called at the end of a turn.
    func flush()
    /// Frees memory that was kept for a peak of load.
    func trim()
    /// Tells the other end to send no new exchange. Called when a graceful shutdown starts.
    func stop()
    /// Tells applications that their clients are gone. Called when the drain timeout has passed.
    func leave()
    /// Closes the connection at once.
    func abort()
}
