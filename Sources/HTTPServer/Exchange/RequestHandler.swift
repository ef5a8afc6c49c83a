/// Answers the exchanges of one loop. Loop-bound: one for every loop.
public protocol RequestHandler: AnyObject {
    /// A request has come. On the loop. Sets the exchange's owner, and may answer at once.
    func handle(_ exchange: any Exchange)

    /// The same, for a request that another process has looked up already: the application that has this number is meant.
    func handle(_ exchange: any Exchange, mount: UInt32)

    /// A body's bytes are not needed any more: calls its `release`. On the loop, never inside a call of an exchange.
    func release(_ body: ResponseBody)

    /// The load has fallen after a peak: frees what is kept for the next requests. On the loop.
    func trimMemory()
}
