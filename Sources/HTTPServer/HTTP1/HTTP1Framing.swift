/// How an HTTP/1 response delimits its body (RFC 9112 §6).
enum HTTP1Framing: Equatable {
    /// The response has no body.
    case none(contentLength: Int?)
    case length(Int)
    case chunked
    /// The end of the connection ends the body: HTTP/1.0 without a length.
    case untilClose

    /// Trailers can only follow chunks (RFC 9112 §7.1.2).
    init(_ content: ResponseValidator.Content, version: HTTPVersion, hasTrailers: Bool) {
        self =
            switch content {
            case .none(let contentLength): .none(contentLength: contentLength)
            case .length(let length): hasTrailers ? .chunked : .length(length)
            case .unknownLength: hasTrailers || version != .http10 ? .chunked : .untilClose
            }
    }
}
