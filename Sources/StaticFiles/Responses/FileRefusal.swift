import HTTPServer

/// A response without a file.
enum FileRefusal {
    case notFound
    case methodNotAllowed
    /// No descriptor or memory is left.
    case exhausted

    func give(to exchange: any Exchange) {
        let (status, text, name, value): (Int, StaticString, StaticString, StaticString) =
            switch self {
            case .notFound: (404, "Not Found: no such file", "x-content-type-options", "nosniff")
            case .methodNotAllowed: (405, "Method Not Allowed; allowed: GET, HEAD", "allow", "GET, HEAD")
            case .exhausted:
                (503, "Service Unavailable: the file cannot be opened; try again later", "retry-after", "1")
            }
        exchange.finish(
            status, text: text.description, [HeaderField(name: Octets(name), value: Octets(value))])
    }
}
