/// The bodies of the answers that the server gives itself: text, for browsers a small page, for clients of JSON an object
/// with the members of RFC 9457; or pages of the operator. Immutable and thread-safe.
public final class ErrorPages: Sendable {
    /// No pages of the operator.
    public static let standard = ErrorPages([:])

    /// The operator's pages by their file names: `404.html`, or `4xx.html` for all statuses of the class.
    private let own: [String: [UInt8]]

    package init(_ own: [String: [UInt8]]) { self.own = own }

    /// Whether a file with this name is a page: a status from 400 to 599 or a class, and a known form.
    package static func isPage(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, ErrorForm(rawValue: String(parts[1])) != nil else { return false }
        return ["4xx", "5xx"].contains(parts[0])
            || (parts[0].count == 3 && Int(parts[0]).map { 400...599 ~= $0 } == true)
    }

    /// Whether a request asks for a page by name, as a browser does when it opens one.
    package static func isForBrowser(_ head: RequestHead) -> Bool { ErrorForm(head.fields) == .html }

    /// A text as HTML.
    package static func escaped(_ text: String) -> String { ErrorText.escaped(text) }

    /// The answer with this status for a request. `text`: the reason in plain text, which may begin with the status's
    /// phrase.
    package func answer(_ status: Int, _ text: String, to head: RequestHead) -> ErrorAnswer {
        guard status >= 400 else { return ErrorAnswer(Array(text.utf8), .text, isNegotiated: false) }
        let form = ErrorForm(head.fields)
        if let page = self.own["\(status).\(form.rawValue)"] ?? self.own["\(status / 100)xx.\(form.rawValue)"] {
            return ErrorAnswer(page, form, isNegotiated: true, isOwn: true)
        }
        let body =
            switch form {
            case .text: text
            case .html: ErrorText(status, text).html
            case .json: ErrorText(status, text).json
            }
        return ErrorAnswer(Array(body.utf8), form, isNegotiated: true)
    }
}
