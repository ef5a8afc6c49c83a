/// The normalized form in which texts are written.
enum EntryText {
    /// Replaces CRLF and CR by LF, and ends a text that is not empty with exactly one LF.
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

    /// Returns the normalized text. Throws `EntryError.notText` and `.tooLarge`.
    static func checked(_ text: String, largest: Int) throws(EntryError) -> String {
        guard !text.utf8.contains(0) else { throw .notText }
        let text = Self.normalized(text)
        guard text.utf8.count <= largest else { throw .tooLarge(limit: largest) }
        return text
    }

    /// Compares the bytes of the normalized texts. `String` would treat composed and decomposed é as equal, and lose an
    /// edit.
    static func isSame(_ one: String, _ other: String) -> Bool {
        Self.normalized(one).utf8.elementsEqual(Self.normalized(other).utf8)
    }
}
