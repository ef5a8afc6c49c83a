/// An event that a request's `receive` returns.
///
/// ```swift
/// switch try await receive() {
/// case .request(let body, let more): print(body.count, more ? "more follows" : "complete")
/// case .disconnect: return
/// }
/// ```
public enum HTTPReceiveEvent: Sendable, Hashable {
    /// `http.request`: a part of the body. `more`: whether another part follows.
    case request(body: [UInt8], more: Bool)
    /// `http.disconnect`: the client has disconnected, or the response is complete.
    case disconnect
}
