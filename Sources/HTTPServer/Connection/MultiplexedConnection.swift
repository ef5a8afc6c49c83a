/// A connection that carries many exchanges at a time, as its loop sees it: a protocol of a target above. Loop-bound.
package protocol MultiplexedConnection: AnyObject {
    /// Whether exchanges are answered here: a stop of the loop waits for its end.
    var serves: Bool { get }
    /// The turn ends: writes what was queued.
    func flush()
    /// The load has fallen after a peak: frees what is kept for it.
    func trim()
    /// The loop stops: no new exchange is wanted.
    func stop()
    /// The grace time has ended: applications are told that their clients are gone.
    func leave()
    /// Closes at once.
    func abort()
}
