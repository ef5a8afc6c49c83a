import HTTPServer

/// A media type with parameters, `type/subtype; name=value; name="value"` (RFC 9110 §8.3.1). Other header fields have
/// the same form.
enum MediaType {
    /// How the sender of a quoted parameter value escapes bytes in it.
    enum Quoting {
        /// A quoted string of RFC 9110 §5.6.4. A backslash escapes a double quote or a backslash. Before any other
        /// byte, which no sender needs to escape, it is an ordinary byte.
        case http
        /// A name in a part of a multipart form as browsers write it
        /// (https://html.spec.whatwg.org/#multipart-form-data): only CR, LF and the double quote are escaped, as `%0D`,
        /// `%0A` and `%22`. A backslash is an ordinary byte; the next double quote ends the value.
        case form
    }

    /// Whether the type is `name`, ignoring letter case and parameters.
    static func `is`(_ value: Octets, _ name: StaticString) -> Bool { Self.essence(value).equalsIgnoringCase(name) }

    /// Whether the type is JSON (RFC 6839 §3.1).
    static func isJSON(_ value: Octets) -> Bool {
        let essence = Self.essence(value)
        if essence.equalsIgnoringCase("application/json") { return true }
        let ending = Octets(UnsafeRawBufferPointer(rebasing: essence.bytes.suffix(5)))
        return essence.bytes.contains(UInt8(ascii: "/")) && ending.equalsIgnoringCase("+json")
    }

    private static func essence(_ value: Octets) -> Octets {
        let bytes = value.bytes
        return Octets(
            UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex)])
        )
        .trimmed
    }

    /// Maximum number of parameters, since each is compared with all others.
    static let maxParameters = 16

    /// Returns the unquoted value of a parameter, or nil if it is missing or the parameters are malformed.
    static func parameter(_ name: StaticString, of value: Octets) -> [UInt8]? {
        self.parameters(of: value).flatMap { self.parameter(name, in: $0) }
    }

    /// Returns the value of one of the parameters, or nil if it is missing.
    static func parameter(_ name: StaticString, in parameters: [(name: Octets, value: [UInt8])]) -> [UInt8]? {
        parameters.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// Returns all parameters, unquoted.
    ///
    /// Returns nil if two parsers could disagree: a parameter without `=`, a quoted value without an end or with bytes
    /// after it, two parameters of one name, or more than `maxParameters`.
    static func parameters(of value: Octets, quoting: Quoting = .http) -> [(name: Octets, value: [UInt8])]? {
        let bytes = value.bytes
        var found: [(name: Octets, value: [UInt8])] = []
        var at = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        while at < bytes.endIndex {
            guard bytes[at] == UInt8(ascii: ";") else { return nil }
            at += 1
            while at < bytes.endIndex, ASCII.isBlank(bytes[at]) { at += 1 }
            // A parameter may be empty (RFC 9110 §5.6.6).
            guard at < bytes.endIndex, bytes[at] != UInt8(ascii: ";") else { continue }
            let start = at
            while at < bytes.endIndex, ASCII.isToken(bytes[at]) { at += 1 }
            let name = Octets(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            guard name.size > 0, at < bytes.endIndex, bytes[at] == UInt8(ascii: "=") else { return nil }
            at += 1
            guard found.count < Self.maxParameters, let value = Self.value(bytes, &at, quoting),
                !found.contains(where: { Self.isSame($0.name, name) })
            else { return nil }
            found.append((name, value))
            while at < bytes.endIndex, ASCII.isBlank(bytes[at]) { at += 1 }
        }
        return found
    }

    private static func isSame(_ one: Octets, _ other: Octets) -> Bool {
        one.bytes.elementsEqual(other.bytes) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    /// Reads a quoted value, or an unquoted one up to the next semicolon or blank. Some senders do not quote a boundary
    /// that is not a token.
    private static func value(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ quoting: Quoting) -> [UInt8]? {
        guard at < bytes.endIndex, bytes[at] == UInt8(ascii: "\"") else {
            let start = at
            while at < bytes.endIndex, bytes[at] != UInt8(ascii: ";"), !ASCII.isBlank(bytes[at]) {
                guard bytes[at] != UInt8(ascii: "\"") else { return nil }
                at += 1
            }
            return Array(bytes[start..<at])
        }
        at += 1
        var text: [UInt8] = []
        while at < bytes.endIndex, bytes[at] != UInt8(ascii: "\"") {
            switch quoting {
            case .http:
                if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.endIndex,
                    bytes[at + 1] == UInt8(ascii: "\"") || bytes[at + 1] == UInt8(ascii: "\\")
                {
                    at += 1
                }
                text.append(bytes[at])
                at += 1
            case .form:
                let escaped = Self.formEscape(bytes[at...])
                text.append(escaped ?? bytes[at])
                at += escaped == nil ? 1 : 3
            }
        }
        guard at < bytes.endIndex else { return nil }
        at += 1
        return text
    }

    /// The byte that an escape in a form's name stands for, or nil if no escape begins here.
    private static func formEscape(_ rest: Slice<UnsafeRawBufferPointer>) -> UInt8? {
        guard rest.count >= 3, rest[rest.startIndex] == UInt8(ascii: "%"),
            let high = ASCII.hexadecimal(rest[rest.startIndex + 1]),
            let low = ASCII.hexadecimal(rest[rest.startIndex + 2])
        else { return nil }
        let byte = high << 4 | low
        return byte == ASCII.carriageReturn || byte == ASCII.newline || byte == UInt8(ascii: "\"") ? byte : nil
    }
}

extension Octets {
    /// The same bytes without leading and trailing blanks.
    var trimmed: Octets {
        var bytes = self.bytes[...]
        while let first = bytes.first, ASCII.isBlank(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, ASCII.isBlank(last) { bytes = bytes.dropLast() }
        return Octets(UnsafeRawBufferPointer(rebasing: bytes))
    }
}
