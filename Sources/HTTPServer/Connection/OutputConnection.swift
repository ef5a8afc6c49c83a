/// A connection that writes with a `ConnectionOutput`. Loop-bound.
protocol OutputConnection: ServerConnection {
    var loop: ServerLoop { get }
    var output: ConnectionOutput { get }
    /// Called when pending output may have fallen below the high-water mark.
    func outputRelieved()
    /// Called when all output is written before the end. Returns whether the connection lingers, reading the client's
    /// side.
    func outputEnded(linger: Bool) -> Bool
    /// Reads from the channel again, if a read was withheld.
    func resumeReading()
}
