import Glibc

/// Parses a request line: `method SP request-target SP HTTP-version` (RFC 9112 §3). A value without I/O.
///
/// Nothing is normalised before it is checked. The method is case-sensitive (RFC 9110 §9.1).
enum RequestLine {
    /// Parses `line`, which is in the memory of `head`, and sets method, raw path and version of `head`. The raw path
    /// is the whole target until `RequestTarget.resolve` has parsed it.
    static func read(
        _ line: UnsafeMutableBufferPointer<UInt8>, into head: RequestHead
    ) throws(Refusal) -> RequestTarget {
        let start = line.baseAddress!
        var at = 0
        while at < line.count, ASCII.isToken(line[at]) { at += 1 }
        guard at > 0, at < line.count, line[at] == ASCII.space else { throw .badRequest("malformed method") }
        head.method = Octets(start, at)

        let targetStart = at + 1
        at = targetStart
        while at < line.count, ASCII.isTarget(line[at]) { at += 1 }
        guard at > targetStart, at < line.count, line[at] == ASCII.space else {
            throw .badRequest(Self.fault(ofTarget: line[targetStart..<at], next: at < line.count ? line[at] : nil))
        }
        let target = RequestTarget(start + targetStart, at - targetStart)
        head.rawPath = target.octets
        head.version = try Self.version(line[(at + 1)...])
        return target
    }

    /// Returns the fault of a target that ends before `next`; `next` is nil at the end of the line.
    private static func fault(ofTarget target: some Collection<UInt8>, next: UInt8?) -> StaticString {
        switch next {
        case nil: target.isEmpty ? "missing request target" : "missing HTTP version"
        case ASCII.space: "two consecutive spaces in the request line"
        case UInt8(ascii: "#"): "fragment (#) in the request target"
        default: "invalid character in the request target; percent-encode it"
        }
    }

    private static func version(_ text: Slice<UnsafeMutableBufferPointer<UInt8>>) throws(Refusal) -> HTTPVersion {
        let bytes = UnsafeMutableBufferPointer(rebasing: text)
        guard bytes.count == 8, memcmp(bytes.baseAddress!, "HTTP/", 5) == 0, ASCII.isDigit(bytes[5]),
            bytes[6] == UInt8(ascii: "."), ASCII.isDigit(bytes[7])
        else {
            // `GET /a b HTTP/1.1`: if a version follows the last space, the target contains a space.
            let last = bytes.lastIndex(of: ASCII.space).map { bytes[($0 + 1)...] }
            let isSpaceInTarget = last?.starts(with: "HTTP/".utf8) == true
            throw .badRequest(
                isSpaceInTarget
                    ? "space in the request target; percent-encode it" : "malformed HTTP version")
        }
        switch (bytes[5], bytes[7]) {
        case (UInt8(ascii: "1"), UInt8(ascii: "0")): return .http10
        // A higher minor version is processed as the highest implemented one (RFC 9110 §6.2).
        case (UInt8(ascii: "1"), _): return .http11
        case (UInt8(ascii: "2"), _):
            throw Refusal(status: 505, reason: "HTTP/2 begins with its preface; use HTTP/1.1 in a request line")
        default: throw Refusal(status: 505, reason: "unsupported HTTP version; use HTTP/1.0 or HTTP/1.1")
        }
    }
}
