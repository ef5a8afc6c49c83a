extension String {
    /// The string, percent-encoded for use in a URL: all but the unreserved characters (RFC 3986 §2.3), including
    /// slashes.
    ///
    /// ```swift
    /// let link = "/search?q=\("C++ & more".percentEncoded)"   // /search?q=C%2B%2B%20%26%20more
    /// ```
    public var percentEncoded: String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(self.utf8.count)
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in self.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The string, percent-decoded; nil if the result is not UTF-8. A `%` without two hexadecimal digits stands for
    /// itself.
    ///
    /// ```swift
    /// "C%2B%2B".percentDecoded   // "C++"
    /// ```
    public var percentDecoded: String? {
        String(validating: PercentDecoding.decoded(self.utf8, plusIsSpace: false), as: UTF8.self)
    }
}
