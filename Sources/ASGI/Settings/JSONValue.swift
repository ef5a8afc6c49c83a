/// A JSON value (RFC 8259 §3).
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The number as written: a Double would round it, and its target type is not known here.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// The members in document order, without duplicate keys.
    case object([(key: String, value: JSONValue)])

    /// The value, described for messages to the operator.
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
