import Foundation

/// A visitor of a website: requests pages and posts forms, each on a new connection.
public struct Visitor: Sendable {
    private let port: Int

    public init(port: Int) { self.port = port }

    public func get(_ target: String, method: String = "GET", fields: [String] = []) throws -> Response {
        try self.ask("\(method) \(target) HTTP/1.1\r\nhost: wiki.example\r\n\(Self.lines(fields))\r\n")
    }

    public func post(_ target: String, _ form: [String: String], fields: [String] = []) throws -> Response {
        let body = form.map { "\(Self.encoded($0.key))=\(Self.encoded($0.value))" }.joined(separator: "&")
        return try self.ask(
            """
            POST \(target) HTTP/1.1\r\nhost: wiki.example\r\ncontent-type: application/x-www-form-urlencoded\r
            content-length: \(body.utf8.count)\r\n\(Self.lines(fields))\r\n\(body)
            """)
    }

    private func ask(_ request: String) throws -> Response {
        let client = try RawClient(port: self.port)
        client.send(request)
        return try client.readResponse(isHead: request.hasPrefix("HEAD "))
    }

    private static func lines(_ fields: [String]) -> String { fields.map { "\($0)\r\n" }.joined() }

    public static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}
