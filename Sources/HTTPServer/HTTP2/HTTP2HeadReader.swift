/// Makes a `RequestHead` of a header block (RFC 9113 §8.3). A value without I/O.
///
/// libnghttp2 has checked the syntax, the pseudo-header fields and the content length. This type performs
/// the remaining checks, which are those of HTTP/1.
struct HTTP2HeadReader {
    private let limits: HTTP1Limits
    private var hosts = 0
    private var cookies = 0
    private var isConnect = false
    private var hasWebSocket = false
    private var target: Octets?
    /// The value of `:authority`.
    private var authority = Octets.empty
    /// The value of `host`.
    private var host = Octets.empty

    /// The parts of a cookie that were joined, and the field that contains them.
    private var cookie: UnsafeMutablePointer<UInt8>?
    private var cookieSize = 0
    private var cookieAt = 0

    private init(_ limits: HTTP1Limits) { self.limits = limits }

    /// Reads a block into a head. `isEnd`: whether no body follows. Throws a `Refusal`; the head then holds what was
    /// read.
    static func read(
        _ block: HTTP2HeaderBlock, isEnd: Bool, limits: HTTP1Limits, into head: RequestHead
    ) throws(Refusal) {
        head.reset()
        // Room for the block, for a host field, and for a cookie that is joined of its parts.
        let room = 2 * block.byteCount + 2 * block.fieldCount + 8
        while head.capacity < room { head.grow() }
        guard let memory = head.reserve(block.byteCount) else { throw .badRequest("request header too large") }
        head.version = .http2
        var reader = HTTP2HeadReader(limits)
        block.copy(to: memory)
        try block.forEach(in: memory) { field throws(Refusal) in try reader.take(pseudo: field, of: head) }
        if let fault = block.fault { throw fault }
        // The host comes first, as clients of HTTP/1 send it.
        if reader.authority.size > 0 { head.append(HeaderField(name: Octets("host"), value: reader.authority)) }
        try block.forEach(in: memory) { field throws(Refusal) in try reader.take(field, of: head) }
        try reader.finish(head, isEnd: isEnd)
    }

    /// Evaluates a pseudo-header field, and counts the parts of a cookie.
    private mutating func take(pseudo field: HeaderField, of head: RequestHead) throws(Refusal) {
        guard field.name.bytes.first == UInt8(ascii: ":") else {
            if field.name.equals("cookie") { self.cookies += 1 }
            return
        }
        if field.name.equals(":method") {
            guard field.value.size > 0, field.value.bytes.allSatisfy(ASCII.isToken) else {
                throw .badRequest("malformed method")
            }
            head.method = field.value
            self.isConnect = field.value.equals("CONNECT")
        } else if field.name.equals(":path") {
            head.rawPath = field.value
            self.target = field.value
        } else if field.name.equals(":authority") {
            self.authority = field.value
        } else if field.name.equals(":protocol") {
            self.hasWebSocket = field.value.equals("websocket")
            guard self.hasWebSocket else { throw Refusal(status: 501, reason: "unsupported protocol; use websocket") }
        }
    }

    private mutating func take(_ field: HeaderField, of head: RequestHead) throws(Refusal) {
        guard let first = field.name.bytes.first, first != UInt8(ascii: ":") else { return }
        switch field.name.size {
        case 2 where field.name.equals("te"):
            if field.value.listContains("trailers") { head.framing.acceptsTrailers = true }
        case 4 where field.name.equals("host"):
            self.hosts += 1
            self.host = field.value
            // `:authority` has its place already.
            if self.authority.size > 0 { return }
        case 6 where field.name.equals("cookie"):
            return try self.join(field.value, of: head)
        case 6 where field.name.equals("expect"):
            guard field.value.equalsIgnoringCase("100-continue") else {
                throw Refusal(status: 417, reason: "unsupported expectation; only 100-continue is supported")
            }
            head.framing.expectsContinue = true
        case 14 where field.name.equals("content-length"):
            head.framing.contentLength = try HeadReader.length(field.value)
        default: break
        }
        head.append(field)
    }

    /// Appends a part of the cookie: the parts become one field (RFC 9113 §8.2.3).
    private mutating func join(_ part: Octets, of head: RequestHead) throws(Refusal) {
        guard self.cookies > 1 else { return head.append(HeaderField(name: Octets("cookie"), value: part)) }
        let isFirst = self.cookie == nil
        guard let memory = head.reserve(part.size + (isFirst ? 0 : 2)) else {
            throw .badRequest("request header too large")
        }
        let start = self.cookie ?? memory
        self.cookie = start
        if !isFirst {
            start[self.cookieSize] = UInt8(ascii: ";")
            start[self.cookieSize + 1] = UInt8(ascii: " ")
            self.cookieSize += 2
        }
        for byte in part.bytes {
            start[self.cookieSize] = byte
            self.cookieSize += 1
        }
        let field = HeaderField(name: Octets("cookie"), value: Octets(start, self.cookieSize))
        if isFirst {
            self.cookieAt = head.fieldCount
            head.append(field)
        } else {
            head.replaceField(at: self.cookieAt, value: field.value)
        }
    }

    /// Performs the checks that need all fields.
    private mutating func finish(_ head: RequestHead, isEnd: Bool) throws(Refusal) {
        guard !self.isConnect || self.hasWebSocket else {
            throw Refusal(status: 501, reason: "CONNECT is not supported")
        }
        head.asksForWebSocket = self.hasWebSocket
        // A body without a length is one in parts, as chunks are in HTTP/1.
        if isEnd {
            head.framing.contentLength = nil
        } else {
            head.framing.isChunked = head.framing.contentLength == nil
        }
        if let limit = self.limits.body, let length = head.framing.contentLength, length > limit {
            throw RequestBody.tooLarge
        }
        guard self.hosts <= 1 else { throw .badRequest("more than one host field") }
        // They would lead to different applications (RFC 9113 §8.3.1).
        guard self.hosts == 0 || self.authority.size == 0 || self.host.equals(self.authority) else {
            throw .badRequest("host field differs from :authority")
        }
        head.authority = self.authority.size > 0 ? self.authority : self.host
        guard head.authority.size > 0 else { throw .badRequest("missing host field") }
        guard RequestTarget.isAuthority(head.authority) else { throw .badRequest("malformed host field") }
        guard let target else { throw .badRequest("missing request target") }
        guard target.bytes.allSatisfy(ASCII.isTarget) else {
            throw .badRequest("invalid character in the request target; percent-encode it")
        }
        let start = UnsafeMutableRawPointer(mutating: target.data)?.assumingMemoryBound(to: UInt8.self)
        guard let start, start.pointee == UInt8(ascii: "/") || target.equals("*") else {
            throw .badRequest("malformed request target")
        }
        try RequestTarget(start, target.size).resolve(origin: head)
    }
}
