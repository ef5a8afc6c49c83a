/// The handlers below a connection that encrypt its bytes. Loop-bound.
///
/// The kernel cannot send a file through them: they read it, and hold the output that follows.
package protocol SecureTransport: AnyObject {
    /// The bytes that were written and not passed to the channel yet.
    var heldBytes: Int { get }
    /// Closes the channel at once, without the notice that would make a cut body look complete (RFC 8446 §6.1).
    func abort()
}
