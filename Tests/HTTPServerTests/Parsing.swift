@testable import HTTPServer

/// The result of parsing a request header, as a comparable value.
enum Parsed: Equatable {
    case incomplete
    case refused(Int)
    case head(Head)

    struct Head: Equatable {
        var method = ""
        var path = ""
        var rawPath = ""
        var query = ""
        var version = "1.1"
        var fields: [String] = []
        var size = 0
    }

    /// Parses a text that arrives in one piece.
    init(_ text: String, limits: HTTP1Limits = HTTP1Limits()) {
        var parser = HTTP1Parser(limits: limits)
        self.init(Array(text.utf8), &parser, RequestHead())
    }

    init(_ bytes: [UInt8], _ parser: inout HTTP1Parser, _ head: RequestHead) {
        switch bytes.withUnsafeBytes({ parser.parse($0, into: head) }) {
        case .incomplete: self = .incomplete
        case .refused(let refusal): self = .refused(refusal.status)
        case .complete(let size):
            self = .head(
                Head(
                    method: head.method.text, path: head.path.text, rawPath: head.rawPath.text, query: head.query.text,
                    version: head.version.name.text, fields: head.fields.map { "\($0.name.text)=\($0.value.text)" },
                    size: size
                )
            )
        }
    }

    var head: Head? { if case .head(let head) = self { head } else { nil } }
    var status: Int? { if case .refused(let status) = self { status } else { nil } }

    /// Returns the reason for which a header is refused; nil if it is not refused.
    static func reason(_ text: String) -> String? {
        var parser = HTTP1Parser(limits: HTTP1Limits())
        guard case .refused(let refusal) = Array(text.utf8).withUnsafeBytes({ parser.parse($0, into: RequestHead()) })
        else { return nil }
        return refusal.reason.description
    }

    /// Parses a valid request with an additional field line.
    static func withField(_ line: String, method: String = "GET", version: String = "1.1") -> Parsed {
        Parsed("\(method) / HTTP/\(version)\r\nhost: x\r\n\(line)\r\n\r\n")
    }
}
