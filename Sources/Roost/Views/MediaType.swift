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

    /// The value of a parameter, unquoted; nil: there is none.
    ///
    /// Browsers write a quote in a form's names as `%22` and leave a backslash as it is (https://html.spec.whatwg.org/#multipart-form-data);
    /// others escape by a backslash. So a backslash is taken away only before a quote or another one.
    static func parameter(_ name: StaticString, of value: Octets) -> [UInt8]? {
        let bytes = value.bytes
        var at = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        while at < bytes.endIndex {
            at += 1
            while at < bytes.endIndex, ASCII.isBlank(bytes[at]) { at += 1 }
            let start = at
            while at < bytes.endIndex, ASCII.isToken(bytes[at]) { at += 1 }
            let isIt = Octets(UnsafeRawBufferPointer(rebasing: bytes[start..<at])).equalsIgnoringCase(name)
            while at < bytes.endIndex, ASCII.isBlank(bytes[at]) { at += 1 }
            guard at < bytes.endIndex, bytes[at] == UInt8(ascii: "=") else {
                while at < bytes.endIndex, bytes[at] != UInt8(ascii: ";") { at += 1 }
                continue
            }
            at += 1
            let found = Self.value(bytes, &at)
            if isIt { return found }
            while at < bytes.endIndex, bytes[at] != UInt8(ascii: ";") { at += 1 }
        }
        return nil
    }

    /// A token, or a quoted string; nil: a quote is missing.
    private static func value(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> [UInt8]? {
        while at < bytes.endIndex, ASCII.isBlank(bytes[at]) { at += 1 }
        guard at < bytes.endIndex, bytes[at] == UInt8(ascii: "\"") else {
            let start = at
            while at < bytes.endIndex, bytes[at] != UInt8(ascii: ";") { at += 1 }
            let token = Octets(UnsafeRawBufferPointer(rebasing: bytes[start..<at])).trimmed
            return Array(token.bytes)
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
