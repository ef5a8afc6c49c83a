/// Why the front itself answers a relayed exchange.
package enum RelayFailure {
    /// There is no worker, or no connection to one was established in time.
    case noWorker
    /// The link to the worker was lost before it answered.
    case workerLost
}
