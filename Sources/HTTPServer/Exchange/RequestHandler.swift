/// Answers the exchanges of one loop. Loop-bound: one instance per loop.
public protocol RequestHandler: AnyObject {
    /// Handles a new request: sets the exchange's owner. Can answer at once.
    func handle(_ exchange: any Exchange)

    /// Calls `release` of a body whose bytes are not needed any more. Never called inside a call of an exchange.
    func release(_ body: ResponseBody)

    /// Frees memory that is kept for further requests. Called when the load has fallen after a peak.
    func trimMemory()
}
