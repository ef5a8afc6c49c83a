/// Numbers (RFC 8259 §6) and strings (§7).
extension JSONReader {
    /// Reads a number: checks it against the grammar, and returns it as written.
    mutating func number() throws(Failure) -> String {
        let start = self.offset
        _ = self.consume("-")
        // No digit may follow a leading zero.
        if !self.consume("0") { try self.digits() }
        if self.consume(".") { try self.digits() }
        if self.consume("e") || self.consume("E") {
            if !self.consume("+") { _ = self.consume("-") }
            try self.digits()
        }
        guard let text = self.text(from: start) else { throw self.failure("expected a number", at: start) }
        return text
    }

    /// Reads one or more digits.
    private mutating func digits() throws(Failure) {
        let start = self.offset
        while let byte = self.peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.advance() }
        guard self.offset > start else { throw self.failure("expected a digit") }
    }

    /// Reads a string, from its opening quote to its closing quote.
    mutating func string() throws(Failure) -> String {
        self.advance()
        var string = ""
        var start = self.offset
        while true {
            guard let byte = self.peek else { throw self.failure("") }
            switch byte {
            case UInt8(ascii: "\""):
                string += try self.plain(from: start)
                self.advance()
                return string
            case UInt8(ascii: "\\"):
                string += try self.plain(from: start)
                string.unicodeScalars.append(try self.escape())
                start = self.offset
            case 0..<0x20: throw self.failure("control characters must be escaped")
            default: self.advance()
            }
        }
    }

    private func plain(from start: Int) throws(Failure) -> String {
        guard let text = self.text(from: start) else { throw self.failure("invalid UTF-8", at: start) }
        return text
    }

    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        let start = self.offset
        self.advance()
        guard let byte = self.peek else { throw self.failure("") }
        self.advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.scalar(escapedAt: start)
        default: throw self.failure("unknown escape sequence", at: start)
        }
    }

    /// Reads the code unit after `\u`, and the second half of a surrogate pair.
    private mutating func scalar(escapedAt start: Int) throws(Failure) -> Unicode.Scalar {
        let unit = try self.unit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), self.consume("\\"), self.consume("u") else {
            throw self.failure("unpaired surrogate", at: start)
        }
        let second = try self.unit()
        // Ten bits of each unit, above the Basic Multilingual Plane (RFC 2781 §2.2).
        let value = 0x10000 + UInt32(unit & 0x3FF) << 10 + UInt32(second & 0x3FF)
        guard UTF16.isTrailSurrogate(second), let scalar = Unicode.Scalar(value) else {
            throw self.failure("unpaired surrogate", at: start)
        }
        return scalar
    }

    /// Reads four hexadecimal digits.
    private mutating func unit() throws(Failure) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = self.peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.failure("expected four hexadecimal digits after \\u")
            }
            unit = unit << 4 | UInt16(digit)
            self.advance()
        }
        return unit
    }
}
