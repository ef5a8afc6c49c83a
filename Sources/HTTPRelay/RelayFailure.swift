/// Why a relayed exchange is answered at the front.
package enum RelayFailure: Equatable {
    /// There is no worker, or none that could be reached in time.
    case noWorker
    /// The worker that had the exchange was lost before it answered.
    case workerLost
}
