/// Answers the exchanges of one loop. Loop-bound: one for every loop.
public protocol RequestHandler: AnyObject {
    /// A request has come. On the loop. Sets the exchange's owner, and may answer at once.
    func handle(_ exchange: any Exchange)
}
