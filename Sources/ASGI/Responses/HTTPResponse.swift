/// A complete response.
///
/// ```swift
/// var page = HTTPResponse.html("<!doctype html><title>Hello</title>")
/// page.headers.append("cache-control", "no-store")
/// try await send(page)
/// ```
public struct HTTPResponse: Sendable {
    /// The HTTP status, 200 to 999. Only the host sends a 1xx status.
    public var status: Int
    /// The header fields. The host adds `content-length`, `date` and `server`.
    public var headers: Headers
    public var body: ResponseBody

    public init(status: Int = 200, headers: Headers = [:], body: ResponseBody = "") {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Returns a response with plain text, as UTF-8.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["content-type": "text/plain; charset=utf-8"], body: ResponseBody(text)
        )
    }

    /// Returns a response with HTML, as UTF-8.
    public static func html(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["content-type": "text/html; charset=utf-8"], body: ResponseBody(text))
    }

    /// Returns a redirect. With status 303 the client sends a GET request to `location` (RFC 9110 §15.4.4), which must
    /// be percent-encoded.
    public static func redirect(to location: String, status: Int = 303) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["location": location])
    }
}
