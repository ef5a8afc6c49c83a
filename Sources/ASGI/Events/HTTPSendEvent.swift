/// What `send` of a request takes.
///
/// ```swift
/// try await send(.start(status: 200, headers: ["content-type": "text/plain"]))
/// for line in lines { try await send(.body(ResponseBody(line), more: true)) }
/// try await send(.body("", more: false))
/// ```
public enum HTTPSendEvent: Sendable {
    /// A whole response in one event, which costs least; nothing may follow.
    case response(HTTPResponse)
    /// `http.response.start`: the host may hold it back until the first body.
    case start(status: Int, headers: Headers)
    /// `http.response.early_hint`: links that the client will need, each like `</style.css>; rel=preload; as=style`, while the
    /// response is made. Until the first body; where `HTTPScope.extensions` names it.
    case earlyHint(links: [String])
    /// `http.response.body`: a part of the body; `more`: another follows.
    case body(ResponseBody, more: Bool)
}
