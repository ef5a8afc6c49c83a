/// Why the front answers a relayed exchange itself.
package enum RelayFailure {
    /// There is no worker, or none was reached in time.
    case noWorker
    /// The worker that had the exchange was lost before it answered.
    case workerLost
}
