/// An error with an HTTP status and a message for the client.
///
/// ```swift
/// guard scope.method == "GET" else { throw HTTPError(405, headers: ["allow": "GET"]) }
/// ```
public struct HTTPError: AnsweringError, CustomStringConvertible {
    /// The HTTP status, 400 to 599.
    public let status: Int
    /// The message for the client, sent as plain text. If empty, the status is sent instead.
    public let message: String
    /// Header fields of the response, in addition to `content-type`.
    public let headers: Headers

    public init(_ status: Int, _ message: String = "", headers: Headers = [:]) {
        self.status = status
        self.message = message
        self.headers = headers
    }

    public var response: HTTPResponse {
        var response = HTTPResponse.text(self.message.isEmpty ? "\(self.status)\n" : "\(self.message)\n")
        response.status = self.status
        for header in self.headers { response.headers.append(header.name, header.value) }
        return response
    }

    public var description: String { self.message.isEmpty ? "\(self.status)" : "\(self.status): \(self.message)" }
}
