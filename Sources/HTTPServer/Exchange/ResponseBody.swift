/// Bytes of a response, lent to `Exchange.send`.
///
/// Without `release` they are copied in the call. With it they are borrowed instead, and `release(context)` is called
/// exactly once if and only if the exchange took them; on the exchange's loop, never inside the call.
public struct ResponseBody {
    public var bytes: Octets
    public var release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
    public var context: UnsafeMutableRawPointer?

    /// Whoever sent it was told already that it is taken: it is, however much is under way.
    public var isTaken = false

    public init(
        _ bytes: Octets,
        release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)? = nil,
        context: UnsafeMutableRawPointer? = nil
    ) {
        self.bytes = bytes
        self.release = release
        self.context = context
    }
}
