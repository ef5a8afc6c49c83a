import CASGI

/// The host has refused a call.
///
/// ```swift
/// do { try await send(event) } catch let refusal as HostRefusal { scope.log(.error, "\(refusal)") }
/// ```
public struct HostRefusal: Error, Hashable, CustomStringConvertible {
    /// The reason, with the names of `asgi.h`.
    ///
    /// ```swift
    /// if refusal.reason == .full { scope.log(.warning, "the client does not keep up") }
    /// ```
    public enum Reason: Sendable, Hashable {
        /// `ASGI_INVALID`: malformed, or out of order; the host logs the details.
        case invalid
        /// `ASGI_STALE`: the scope has ended.
        case stale
        /// `ASGI_BUSY`: another receive is pending.
        case busy
        /// `ASGI_FULL`: a limit is reached, such as that of pending output.
        case full
        /// `ASGI_UNSUPPORTED`: this host, or this connection, does not support the call.
        case unsupported
        /// A result that this version of the SDK does not know.
        case other(Int32)
    }

    public let reason: Reason

    init(_ result: asgi_result) {
        switch result {
        case ASGI_INVALID: self.reason = .invalid
        case ASGI_STALE: self.reason = .stale
        case ASGI_BUSY: self.reason = .busy
        case ASGI_FULL: self.reason = .full
        case ASGI_UNSUPPORTED: self.reason = .unsupported
        default: self.reason = .other(result)
        }
    }

    public var description: String { "the host refused the call: \(self.reason)" }
}
