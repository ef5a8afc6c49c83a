/// The address of a client or proxy in a header field, and its port, if one is given: `192.0.2.1`, `192.0.2.1:4711`,
/// `2001:db8::1`, `[2001:db8::1]:4711` (RFC 7239 §6, and the forms that `X-Forwarded-For` is used with).
struct ForwardedNode {
    /// The text of the address, without brackets. Borrowed.
    let text: Octets
    let address: IPAddress
    /// 0 if none is given.
    let port: Int32

    /// Nil for anything else, such as `unknown` and the obfuscated names of RFC 7239 §6.3.
    init?(_ whole: Octets) {
        let bytes = whole.bytes
        guard let data = whole.data, let first = bytes.first, !bytes.contains(UInt8(ascii: "%")) else { return nil }
        var text = whole
        var digits = Octets.empty
        if first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            text = Octets(data: data + 1, size: end - 1)
            let rest = Octets(data: data + end + 1, size: whole.size - end - 1)
            guard rest.size == 0 || rest.bytes[0] == UInt8(ascii: ":") else { return nil }
            guard text.bytes.contains(UInt8(ascii: ":")), rest.size != 1 else { return nil }
            if rest.size > 1 { digits = Octets(data: rest.data! + 1, size: rest.size - 1) }
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes.lastIndex(of: UInt8(ascii: ":")) == colon {
            text = Octets(data: data, size: colon)
            digits = Octets(data: data + colon + 1, size: whole.size - colon - 1)
            guard digits.size > 0 else { return nil }
        }
        guard let address = IPAddress(text), let port = Self.port(digits) else { return nil }
        self.text = text
        self.address = address
        self.port = port
    }

    /// 0 for no digits; nil if they are not a port.
    static func port(_ digits: Octets) -> Int32? {
        guard digits.size <= 5 else { return nil }
        var port: Int32 = 0
        for byte in digits.bytes {
            guard ASCII.isDigit(byte) else { return nil }
            port = port * 10 + Int32(byte - UInt8(ascii: "0"))
        }
        return port <= 65535 ? port : nil
    }
}
