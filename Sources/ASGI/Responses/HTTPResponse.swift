/// A whole response.
///
/// ```swift
/// var page = HTTPResponse.html("<!doctype html><title>Hello</title>")
/// page.headers.append("cache-control", "no-store")
/// try await send(page)
/// ```
public struct HTTPResponse: Sendable {
    /// 200 to 999; what is below is the host's.
    public var status: Int
    /// `content-length`, `date` and `server` are the host's, and are not needed here.
    public var headers: Headers
    public var body: ResponseBody

    public init(status: Int = 200, headers: Headers = [:], body: ResponseBody = "") {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Plain text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["content-type": "text/plain; charset=utf-8"], body: ResponseBody(text)
        )
    }

    /// HTML.
    public static func html(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["content-type": "text/html; charset=utf-8"], body: ResponseBody(text))
    }

    /// To another place, which is asked for with GET (RFC 9110 §15.4.4). `location` is percent-encoded already.
    public static func redirect(to location: String, status: Int = 303) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["location": location])
    }
}
