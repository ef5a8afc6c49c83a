/// The media type of an answer that the server gives itself.
enum ErrorForm: String {
    case text = "txt"
    case html
    case json

    var mediaType: StaticString {
        switch self {
        case .text: "text/plain; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        case .json: "application/json"
        }
    }

    /// The form that a request asks for by name (RFC 9110 §12.5.1): a browser names `text/html`. Text for a request that
    /// names none of them, such as one of curl with `*/*`.
    init(_ fields: HeaderFields) {
        var (html, json, text) = (0, 0, 0)
        for field in fields where field.name.equals("accept") {
            var rest = field.value
            while let next = rest.removeMember() {
                let member = WeightedMember(next)
                if member.name.equalsIgnoringCase("text/html") { html = max(html, member.weight) }
                if member.name.equalsIgnoringCase("application/json")
                    || member.name.equalsIgnoringCase("application/problem+json")
                {
                    json = max(json, member.weight)
                }
                if member.name.equalsIgnoringCase("text/plain") { text = max(text, member.weight) }
            }
        }
        self = html > 0 && html >= max(json, text) ? .html : json > 0 && json >= text ? .json : .text
    }
}
