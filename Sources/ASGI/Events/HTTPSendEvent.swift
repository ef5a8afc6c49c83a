/// An event that a request's `send` takes.
///
/// ```swift
/// try await send(.start(status: 200, headers: ["content-type": "text/plain"]))
/// for line in lines { try await send(.body(ResponseBody(line), more: true)) }
/// try await send(.body("", more: false))
/// ```
public enum HTTPSendEvent: Sendable {
    /// A complete response in one event, the cheapest form. No event may follow.
    case response(HTTPResponse)
    /// `http.response.start`: status and header fields. The host may delay it until the first body part.
    case start(status: Int, headers: Headers)
    /// `http.response.early_hint`: links that the client will need, each like `</style.css>; rel=preload; as=style`.
    /// Allowed before the first body part, if `HTTPScope.extensions` names it.
    case earlyHint(links: [String])
    /// `http.response.body`: a part of the body. `more`: whether another part follows.
    case body(ResponseBody, more: Bool)
}
