/// An error with a status and a sentence for the client.
///
/// ```swift
/// guard scope.method == "GET" else { throw HTTPError(405, headers: ["allow": "GET"]) }
/// ```
public struct HTTPError: AnsweringError, CustomStringConvertible {
    /// 400 to 599.
    public let status: Int
    /// What the client is told, in plain text.
    public let message: String
    /// Fields of the answer besides its `content-type`.
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
