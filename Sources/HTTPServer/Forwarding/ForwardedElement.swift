/// One element of a `Forwarded` header field, added by one proxy (RFC 7239 §4). The parts are borrowed, and empty if
/// they are missing.
struct ForwardedElement {
    private(set) var node = Octets.empty
    private(set) var proto = Octets.empty
    private(set) var host = Octets.empty

    /// Parses `for=192.0.2.1;proto=https;by=...`. Nil if it is malformed, or has a parameter twice.
    init?(_ text: Octets) {
        guard var at = text.data else { return nil }
        let end = at + text.size
        while at < end {
            guard let name = Self.token(&at, end), at < end, at.pointee == Self.equalsSign else { return nil }
            at += 1
            guard let value = Self.value(&at, end) else { return nil }
            if name.equalsIgnoringCase("for") {
                guard self.node.size == 0 else { return nil }
                self.node = value
            } else if name.equalsIgnoringCase("proto") {
                guard self.proto.size == 0 else { return nil }
                self.proto = value
            } else if name.equalsIgnoringCase("host") {
                guard self.host.size == 0 else { return nil }
                self.host = value
            }
            Self.skipBlanks(&at, end)
            guard at < end else { break }
            guard at.pointee == CChar(bitPattern: UInt8(ascii: ";")) else { return nil }
            at += 1
            Self.skipBlanks(&at, end)
        }
    }

    private static let equalsSign = CChar(bitPattern: UInt8(ascii: "="))
    private static let quote = CChar(bitPattern: UInt8(ascii: "\""))

    /// RFC 7239 §4 allows no white space there, but some proxies send it.
    private static func skipBlanks(_ at: inout UnsafePointer<CChar>, _ end: UnsafePointer<CChar>) {
        while at < end, ASCII.isBlank(UInt8(bitPattern: at.pointee)) { at += 1 }
    }

    private static func token(_ at: inout UnsafePointer<CChar>, _ end: UnsafePointer<CChar>) -> Octets? {
        let start = at
        while at < end, ASCII.isToken(UInt8(bitPattern: at.pointee)) { at += 1 }
        return at > start ? Octets(data: start, size: at - start) : nil
    }

    /// A token or a quoted string. Addresses and hosts need no escapes: a string with one is malformed here. Proxies
    /// send a host with its port without quotes, too.
    private static func value(_ at: inout UnsafePointer<CChar>, _ end: UnsafePointer<CChar>) -> Octets? {
        guard at < end, at.pointee == Self.quote else {
            let start = at
            while at < end, ASCII.isToken(UInt8(bitPattern: at.pointee)) || at.pointee == 0x3a { at += 1 }
            return at > start ? Octets(data: start, size: at - start) : nil
        }
        at += 1
        let start = at
        while at < end, at.pointee != Self.quote {
            guard at.pointee != CChar(bitPattern: UInt8(ascii: "\\")) else { return nil }
            at += 1
        }
        guard at < end else { return nil }
        at += 1
        return Octets(data: start, size: at - 1 - start)
    }
}
