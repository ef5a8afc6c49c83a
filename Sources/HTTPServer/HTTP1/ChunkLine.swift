/// Parses the line before a chunk: `chunk-size [ chunk-ext ] CR` (RFC 9112 §7.1). A value without I/O.
///
/// Extensions are ignored, but have to follow the grammar: another parser may read an invalid extension as the end of
/// the line.
struct ChunkLine {
    private let bytes: Slice<UnsafeRawBufferPointer>
    private var at: Int

    /// Returns the size of the chunk; nil if the line is malformed. `line`: without its LF.
    static func size(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard line.last == ASCII.carriageReturn else { return nil }
        var reader = ChunkLine(bytes: line.dropLast(), at: line.startIndex)
        guard let size = reader.number(), reader.skipExtensions() else { return nil }
        return size
    }

    private var next: UInt8? { self.at < self.bytes.endIndex ? self.bytes[self.at] : nil }

    private mutating func number() -> Int? {
        var size = 0
        var digits = 0
        while let digit = self.next.flatMap(ASCII.hexadecimal) {
            // 15 digits exceed any body and cannot overflow. Leading zeros count as digits.
            guard digits < 15 else { return nil }
            size = size << 4 | Int(digit)
            digits += 1
            self.at += 1
        }
        return digits > 0 ? size : nil
    }

    /// Skips `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112 §7.1.1). Returns false if the
    /// rest of the line does not match.
    private mutating func skipExtensions() -> Bool {
        while self.at < self.bytes.endIndex {
            guard self.skip(UInt8(ascii: ";")), self.skipToken() else { return false }
            let end = self.at
            guard self.skip(UInt8(ascii: "=")) else {
                // The skipped white space belongs to the next element.
                self.at = end
                continue
            }
            guard self.next == UInt8(ascii: "\"") ? self.skipQuoted() : self.skipToken() else { return false }
        }
        return true
    }

    /// Skips this byte, and white space around it. Returns false if the byte does not follow.
    private mutating func skip(_ byte: UInt8) -> Bool {
        self.skipBlanks()
        guard self.next == byte else { return false }
        self.at += 1
        self.skipBlanks()
        return true
    }

    private mutating func skipBlanks() {
        while let byte = self.next, ASCII.isBlank(byte) { self.at += 1 }
    }

    private mutating func skipToken() -> Bool {
        let start = self.at
        while let byte = self.next, ASCII.isToken(byte) { self.at += 1 }
        return self.at > start
    }

    /// Skips a `quoted-string` (RFC 9110 §5.6.4).
    private mutating func skipQuoted() -> Bool {
        self.at += 1
        while let byte = self.next, ASCII.isFieldValue(byte) {
            self.at += 1
            if byte == UInt8(ascii: "\"") { return true }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard let escaped = self.next, ASCII.isFieldValue(escaped) else { return false }
            self.at += 1
        }
        return false
    }
}
