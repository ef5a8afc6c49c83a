/// Parses a list of names with parameters: `a; b=1; c="2", d` (RFC 6455 §9.1). Borrows the bytes of the field.
struct ParameterList {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    private var hasBegun = false
    /// Whether the field violates the grammar, so that nothing of it may be used. An empty list is malformed, too.
    private(set) var isMalformed = false

    init(_ field: Octets) { self.bytes = field.bytes }

    /// Returns the name of the next element, whose parameters follow; nil if there is none.
    mutating func nextElement() -> Octets? {
        var isSeparated = !self.hasBegun
        while self.skip(UInt8(ascii: ",")) { isSeparated = true }
        guard !self.isMalformed else { return nil }
        guard self.at < self.bytes.count else {
            self.isMalformed = !self.hasBegun
            return nil
        }
        self.hasBegun = true
        guard isSeparated else {
            self.isMalformed = true
            return nil
        }
        return self.token()
    }

    /// Returns the next parameter of this element; nil if there is none.
    mutating func nextParameter() -> (name: Octets, value: Octets?)? {
        guard !self.isMalformed else { return nil }
        guard self.skip(UInt8(ascii: ";")) else {
            if self.at < self.bytes.count, self.bytes[self.at] != UInt8(ascii: ",") { self.isMalformed = true }
            return nil
        }
        guard let name = self.token() else { return nil }
        guard self.skip(UInt8(ascii: "=")) else { return (name, nil) }
        let isQuoted = self.at < self.bytes.count && self.bytes[self.at] == UInt8(ascii: "\"")
        guard let value = isQuoted ? self.quoted() : self.token() else { return nil }
        return (name, value)
    }

    /// Skips this byte, and white space around it. Returns false if the byte does not follow.
    private mutating func skip(_ byte: UInt8) -> Bool {
        self.skipBlanks()
        guard self.at < self.bytes.count, self.bytes[self.at] == byte else { return false }
        self.at += 1
        self.skipBlanks()
        return true
    }

    private mutating func skipBlanks() {
        while self.at < self.bytes.count, ASCII.isBlank(self.bytes[self.at]) { self.at += 1 }
    }

    private mutating func token() -> Octets? {
        let start = self.at
        while self.at < self.bytes.count, ASCII.isToken(self.bytes[self.at]) { self.at += 1 }
        guard self.at > start else {
            self.isMalformed = true
            return nil
        }
        return Octets(UnsafeRawBufferPointer(rebasing: self.bytes[start..<self.at]))
    }

    /// Parses a quoted string, whose content has to be a token (RFC 6455 §9.1). Backslashes stay in the result.
    private mutating func quoted() -> Octets? {
        self.at += 1
        let start = self.at
        while self.at < self.bytes.count, self.bytes[self.at] != UInt8(ascii: "\"") {
            if self.bytes[self.at] == UInt8(ascii: "\\") { self.at += 1 }
            guard self.at < self.bytes.count, ASCII.isToken(self.bytes[self.at]) else { break }
            self.at += 1
        }
        guard self.at > start, self.at < self.bytes.count, self.bytes[self.at] == UInt8(ascii: "\"") else {
            self.isMalformed = true
            return nil
        }
        let content = UnsafeRawBufferPointer(rebasing: self.bytes[start..<self.at])
        self.at += 1
        return Octets(content)
    }
}
