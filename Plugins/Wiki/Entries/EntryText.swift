/// The form that texts are written in.
enum EntryText {
    /// With LF for CRLF and CR, and with one line end at its end unless it is empty.
    static func normalized(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        var wasReturn = false
        for byte in text.utf8 {
            let isReturn = byte == UInt8(ascii: "\r")
            if isReturn {
                bytes.append(UInt8(ascii: "\n"))
            } else if byte != UInt8(ascii: "\n") || !wasReturn {
                bytes.append(byte)
            }
            wasReturn = isReturn
        }
        while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Normalized, and fit to be written. Throws `EntryError.notText` and `.tooLarge`.
    static func checked(_ text: String, largest: Int) throws(EntryError) -> String {
        guard !text.utf8.contains(0) else { throw .notText }
        let text = Self.normalized(text)
        guard text.utf8.count <= largest else { throw .tooLarge(limit: largest) }
        return text
    }

    /// Byte by byte when normalized: as a `String` é would be é however it is composed, and an edit would be lost.
    static func isSame(_ one: String, _ other: String) -> Bool {
        Self.normalized(one).utf8.elementsEqual(Self.normalized(other).utf8)
    }
}
