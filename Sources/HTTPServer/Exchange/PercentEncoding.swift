/// Percent-encoding (RFC 3986 §2.1).
package enum PercentEncoding {
    /// Percent-encodes all bytes except slashes and those that a path may contain (RFC 3986 §3.3) and that HTML does
    /// not have to escape.
    package static func path(_ bytes: some Sequence<UInt8>) -> String {
        var encoded: [UInt8] = []
        let kept = Array("-._~!$()*+,;=:@/".utf8)
        let capitals = Array("0123456789ABCDEF".utf8)
        for byte in bytes {
            if ASCII.isSlug(byte) || kept.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), capitals[Int(byte >> 4)], capitals[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
