import Glibc

/// A request target (RFC 9112 §3.2), parsed into path, query and authority.
struct RequestTarget {
    private let start: UnsafeMutablePointer<UInt8>
    private let count: Int

    /// Borrows the bytes, which are in the memory of the `RequestHead` and were checked to be visible ASCII.
    init(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// The whole target as received.
    var octets: Octets { Octets(self.start, self.count) }

    /// Sets path, raw path and query of `head`. Returns the authority if the target has one. It replaces the host field
    /// (RFC 9112 §3.2.2).
    func resolve(into head: RequestHead) throws(Refusal) -> Octets? {
        var at = self.start
        let end = at + self.count
        if head.method.equals("CONNECT") { throw Refusal(status: 501, reason: "CONNECT is not supported") }

        var authority: Octets?
        if at.pointee != UInt8(ascii: "/") {
            if self.count == 1, at.pointee == UInt8(ascii: "*") {
                guard head.method.equals("OPTIONS") else {
                    throw .badRequest("the request target * is valid for OPTIONS only")
                }
                head.isServerWide = true
            } else {
                guard let scheme = Self.scheme(at, end) else { throw .badRequest("malformed request target") }
                at += scheme
                let begin = at
                while at < end, at.pointee != UInt8(ascii: "/"), at.pointee != UInt8(ascii: "?") { at += 1 }
                authority = Octets(begin, at - begin)
                guard authority!.size > 0, Self.isAuthority(authority!) else {
                    throw .badRequest("malformed authority in the request target")
                }
                // In absolute form, an OPTIONS without a path means `OPTIONS *` (RFC 9112 §3.2.4).
                head.isServerWide = at == end && head.method.equals("OPTIONS")
            }
        }

        try self.resolve(from: at, into: head)
        return authority
    }

    /// Sets path, raw path and query for a target in origin form, or `*`.
    func resolve(origin head: RequestHead) throws(Refusal) {
        if self.count == 1, self.start.pointee == UInt8(ascii: "*") {
            guard head.method.equals("OPTIONS") else {
                throw .badRequest("the request target * is valid for OPTIONS only")
            }
            head.isServerWide = true
        }
        try self.resolve(from: self.start, into: head)
    }

    /// `at`: where the path begins.
    private func resolve(from at: UnsafeMutablePointer<UInt8>, into head: RequestHead) throws(Refusal) {
        let end = self.start + self.count
        let found = memchr(at, Int32(UInt8(ascii: "?")), end - at)
        let question = found.map { at + (UnsafeRawPointer($0) - UnsafeRawPointer(at)) } ?? end
        head.rawPath = Octets(at, question - at)
        head.query = question < end ? Octets(question + 1, end - question - 1) : .empty
        if head.rawPath.size == 0 { head.rawPath = Octets("/") }
        head.path = try Self.decoded(head.rawPath, in: head)
    }

    /// Returns the length of `http://` or `https://` at the start, ignoring case; nil if neither is there.
    private static func scheme(_ start: UnsafeMutablePointer<UInt8>, _ end: UnsafeMutablePointer<UInt8>) -> Int? {
        let octets = Octets(start, end - start)
        if octets.size > 7, Octets(data: octets.data, size: 7).equalsIgnoringCase("http://") { return 7 }
        if octets.size > 8, Octets(data: octets.data, size: 8).equalsIgnoringCase("https://") { return 8 }
        return nil
    }

    /// Whether the value is `uri-host [ ":" port ]`, without user information (RFC 9110 §4.2.4, §7.2; RFC 3986 §3.2.2).
    /// The empty value is allowed.
    static func isAuthority(_ value: Octets) -> Bool {
        let bytes = value.bytes
        var at = 0
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > 1 else { return false }
            for byte in bytes[1..<close] {
                guard ASCII.hexadecimal(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else {
                    return false
                }
            }
            at = close + 1
        } else {
            while at < bytes.count, bytes[at] != UInt8(ascii: ":") {
                guard Self.isHostCharacter(bytes[at]) else { return false }
                at += 1
            }
        }
        guard at < bytes.count else { return true }
        guard bytes[at] == UInt8(ascii: ":") else { return false }
        return bytes[(at + 1)...].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    /// Splits a checked authority. The host is without brackets; the port is nil if none is given.
    static func hostAndPort(_ authority: Octets) -> (host: Octets, port: Int32?) {
        let bytes = authority.bytes
        guard let data = authority.data else { return (.empty, nil) }
        let isLiteral = bytes.first == UInt8(ascii: "[")
        let end = isLiteral ? bytes.firstIndex(of: UInt8(ascii: "]")) : bytes.firstIndex(of: UInt8(ascii: ":"))
        let host = Octets(data: data + (isLiteral ? 1 : 0), size: (end ?? bytes.count) - (isLiteral ? 1 : 0))
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), colon >= end ?? bytes.count else {
            return (host, nil)
        }
        let digits = Octets(data: data + colon + 1, size: bytes.count - colon - 1)
        return (host, digits.size > 0 ? ForwardedNode.port(digits) : nil)
    }

    /// Whether the byte is allowed in a reg-name (RFC 3986 §3.2.2): unreserved, sub-delims, and `%` (RFC 3986 §2).
    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        if ASCII.lowercased(byte) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="):
            return true
        default: return false
        }
    }

    /// Returns the percent-decoded path. Throws if the result is not UTF-8 or contains a NUL.
    private static func decoded(_ raw: Octets, in head: RequestHead) throws(Refusal) -> Octets {
        let bytes = raw.bytes
        guard bytes.firstIndex(of: UInt8(ascii: "%"), from: 0) != nil else { return raw }
        let memory = head.reserveDecoded(bytes.count)
        var count = 0
        var at = 0
        while at < bytes.count {
            var byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "%") {
                guard at + 1 < bytes.count, let high = ASCII.hexadecimal(bytes[at]),
                    let low = ASCII.hexadecimal(bytes[at + 1])
                else { throw .badRequest("invalid percent-encoding in the path") }
                byte = high << 4 | low
                at += 2
                guard byte != 0 else { throw .badRequest("NUL in the path") }
            }
            memory[count] = byte
            count += 1
        }
        let path = Octets(memory, count)
        guard isUTF8(path.bytes) else { throw .badRequest("the path is not UTF-8") }
        return path
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
    }
}
