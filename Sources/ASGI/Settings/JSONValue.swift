/// A JSON value (RFC 8259 §3).
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The number as it was written: a Double would round, and which type it has to fit is not known here.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order written; no key stands twice.
    case object([(key: String, value: JSONValue)])

    /// What stands here, for the operator who wrote it.
    var found: String {
        switch self {
        case .null: "nothing"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let text): Wording.shortened(text)
        case .string(let text): "the text '\(Wording.shortened(text))'"
        case .array: "a list"
        case .object: "a map"
        }
    }
}
