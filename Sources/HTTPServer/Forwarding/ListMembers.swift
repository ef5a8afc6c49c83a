/// The members of a comma-separated header field, from the last to the first, over all fields of the name: each proxy
/// appends, so that the last members are those of the nearest proxies.
struct ListMembers: Sequence, IteratorProtocol {
    private let fields: HeaderFields
    private let name: StaticString
    /// Whether a comma in a quoted string (RFC 9110 §5.6.4) separates nothing.
    private let knowsQuotes: Bool
    /// The field that is read, and the part of its value that is left; nil before the next field.
    private var at: Int
    private var rest: Octets?

    init(_ name: StaticString, in fields: HeaderFields, knowsQuotes: Bool = false) {
        self.fields = fields
        self.name = name
        self.knowsQuotes = knowsQuotes
        self.at = fields.count
    }

    /// The next member, trimmed.
    mutating func next() -> Octets? {
        while self.rest == nil {
            self.at -= 1
            guard self.at >= 0 else { return nil }
            if self.fields[self.at].name.equals(self.name) { self.rest = self.fields[self.at].value }
        }
        guard let rest, let data = rest.data else {
            self.rest = nil
            return .empty
        }
        let comma = self.lastComma(of: rest)
        self.rest = comma.map { Octets(data: data, size: $0) }
        let start = comma.map { $0 + 1 } ?? 0
        return Octets(data: data + start, size: rest.size - start).trimmed
    }

    /// The position of the last comma that separates members. Read from the end: an unclosed quote of
    /// the client at the start of the value cannot hide a member that a proxy has appended.
    private func lastComma(of value: Octets) -> Int? {
        let bytes = value.bytes
        var isQuoted = false
        var at = bytes.count
        while at > 0 {
            at -= 1
            switch bytes[at] {
            case UInt8(ascii: ",") where !isQuoted: return at
            case UInt8(ascii: "\"") where self.knowsQuotes:
                // An escaped quote does not end the string.
                let isEscaped = at > 0 && bytes[at - 1] == UInt8(ascii: "\\")
                if !(isQuoted && isEscaped) { isQuoted.toggle() }
            default: break
            }
        }
        return nil
    }
}
