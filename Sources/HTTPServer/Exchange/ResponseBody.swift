/// Bytes of a response, lent to `Exchange.send`.
///
/// Without `release` the call copies the bytes. With `release` they are borrowed. If and only if the exchange accepts
/// them, `release(context)` is called exactly once, on the exchange's loop and never inside the call.
public struct ResponseBody {
    public var bytes: Octets
    public var release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
    public var context: UnsafeMutableRawPointer?

    /// Whether the sender was told earlier that the bytes are accepted. They are then accepted regardless of how much
    /// output is pending.
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
