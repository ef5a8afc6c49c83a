import HTTPServer

/// `type/subtype; name=value; name="value"` (RFC 9110 §8.3.1), and what else is written so.
enum MediaType {
    /// Whether it is this one, whatever its parameters; letter case aside.
    static func `is`(_ value: Octets, _ name: StaticString) -> Bool { Self.essence(value).equalsIgnoringCase(name) }

    /// Whether it is JSON (RFC 6839 §3.1).
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

    /// So many parameters there may be: each is compared with all others.
    static let mostParameters = 16

    /// The value of a parameter, unquoted; nil: there is none, or they are malformed.
    static func parameter(_ name: StaticString, of value: Octets) -> [UInt8]? {
        self.parameters(of: value).flatMap { self.parameter(name, in: $0) }
    }

    /// The value of one of them; nil: there is none.
    static func parameter(_ name: StaticString, in parameters: [(name: Octets, value: [UInt8])]) -> [UInt8]? {
        parameters.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// All parameters, unquoted. Nil: one has no value, or no end of its quotes, or something behind them, or two have the same name: readers
    /// would not agree on what they say. Nil also where there are more than `mostParameters`.
    ///
    /// Browsers write a quote in a form's names as `%22` and leave a backslash as it is (https://html.spec.whatwg.org/#multipart-form-data);
    /// others escape by a backslash. So a backslash is taken away only before a quote or another one.
    static func parameters(of value: Octets) -> [(name: Octets, value: [UInt8])]? {
        let bytes = value.bytes
        var found: [(name: Octets, value: [UInt8])] = []
        var at = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        while at < bytes.endIndex {
            guard bytes[at] == UInt8(ascii: ";") else { return nil }
            at += 1
            while at < bytes.endIndex, ASCII.isBlank(bytes[at]) { at += 1 }
            // There may be none between two (RFC 9110 §5.6.6).
            guard at < bytes.endIndex, bytes[at] != UInt8(ascii: ";") else { continue }
            let start = at
            while at < bytes.endIndex, ASCII.isToken(bytes[at]) { at += 1 }
            let name = Octets(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            guard name.size > 0, at < bytes.endIndex, bytes[at] == UInt8(ascii: "=") else { return nil }
            at += 1
            guard found.count < Self.mostParameters, let value = Self.value(bytes, &at),
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

    /// A quoted string; or what goes to the next semicolon or blank, for boundaries that should be quoted and are not. Nil: it is none.
    private static func value(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> [UInt8]? {
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
            if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.endIndex,
                bytes[at + 1] == UInt8(ascii: "\"") || bytes[at + 1] == UInt8(ascii: "\\")
            {
                at += 1
            }
            text.append(bytes[at])
            at += 1
        }
        guard at < bytes.endIndex else { return nil }
        at += 1
        return text
    }
}

extension Octets {
    /// Without blanks around it.
    var trimmed: Octets {
        var bytes = self.bytes[...]
        while let first = bytes.first, ASCII.isBlank(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, ASCII.isBlank(last) { bytes = bytes.dropLast() }
        return Octets(UnsafeRawBufferPointer(rebasing: bytes))
    }
}
