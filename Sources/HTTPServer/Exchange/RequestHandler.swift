/// Answers the exchanges of one loop. Loop-bound: one per loop.
public protocol RequestHandler: AnyObject {
    /// A request has arrived. Sets the exchange's owner, and may answer at once.
    func handle(_ exchange: any Exchange)

    /// The bytes of a body are not needed any more: calls its `release`. Never called inside a call of an exchange.
    func release(_ body: ResponseBody)

    /// The load has fallen after a peak: frees what is kept for the next requests.
    func trimMemory()
}
