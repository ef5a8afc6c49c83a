/// What `receive` of a request gives.
///
/// ```swift
/// switch try await receive() {
/// case .request(let body, let more): print(body.count, more ? "and more" : "and that was all")
/// case .disconnect: return
/// }
/// ```
public enum HTTPReceiveEvent: Sendable, Hashable {
    /// `http.request`: a part of the body; `more`: another follows.
    case request(body: [UInt8], more: Bool)
    /// `http.disconnect`: the client is gone, or the response is complete.
    case disconnect
}
