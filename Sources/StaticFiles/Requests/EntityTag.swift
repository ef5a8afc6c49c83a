import HTTPServer

/// Entity tags of header fields (RFC 9110 §8.8.3).
enum EntityTag {
    /// Whether a list of entity tags, or `*`, matches the strong tag of a file. `isWeak`: whether a weak tag with the
    /// same text matches, too (§13.1.2). A malformed list matches nothing.
    static func list(_ list: Octets, matches tag: Octets, isWeak: Bool) -> Bool {
        if list.equals("*") { return true }
        guard var at = list.data else { return false }
        let end = at + list.size
        while at < end {
            var weak = false
            if at + 2 < end, at[0] == 0x57, at[1] == 0x2f {
                weak = true
                at += 2
            }
            guard at < end, at.pointee == Self.quote else { return false }
            let start = at
            at += 1
            while at < end, at.pointee != Self.quote { at += 1 }
            guard at < end else { return false }
            at += 1
            if !weak || isWeak, Octets(data: start, size: at - start).equals(tag) { return true }
            while at < end, at.pointee == 0x20 || at.pointee == 0x09 || at.pointee == 0x2c { at += 1 }
        }
        return false
    }

    private static let quote = CChar(bitPattern: UInt8(ascii: "\""))
}
