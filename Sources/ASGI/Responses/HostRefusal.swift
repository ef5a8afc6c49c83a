import CASGI

/// The host has refused a call.
///
/// ```swift
/// do { try await send(event) } catch let refusal as HostRefusal { scope.log(.error, "\(refusal)") }
/// ```
public struct HostRefusal: Error, Hashable, CustomStringConvertible {
    /// Why; the words of `asgi.h`.
    ///
    /// ```swift
    /// if refusal.reason == .full { scope.log(.warning, "the client does not keep up") }
    /// ```
    public enum Reason: Sendable, Hashable {
        /// `ASGI_INVALID`: out of order, or malformed; the host's log says more.
        case invalid
        /// `ASGI_STALE`: the scope is over.
        case stale
        /// `ASGI_BUSY`: a receive is outstanding already.
        case busy
        /// `ASGI_FULL`: too much is under way.
        case full
        /// `ASGI_UNSUPPORTED`: this host, or this connection, does not have it.
        case unsupported
        /// Another result, which this version of the SDK does not know.
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
