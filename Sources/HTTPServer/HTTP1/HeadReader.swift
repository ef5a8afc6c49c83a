import Glibc

/// Reads one request header line by line. Each complete line is checked, and copied into the memory of the
/// `RequestHead`. The reader keeps its position, so that no line is parsed twice, however the input is split.
struct HeadReader {
    enum Outcome {
        case complete(Int)
        case incomplete
        /// The memory of the `RequestHead` is too small: grow it and start again.
        case needsRoom
        case refused(Refusal)
    }

    private enum Line {
        case found(start: Int, end: Int)
        case incomplete
        case refused(Refusal)
    }

    let limits: HTTP1Limits
    /// The number of processed bytes: the start of the next line.
    private var at = 0
    /// The target of the request line; nil before the line is parsed.
    private var target: RequestTarget?
    private var hosts = 0
    private var hostField = 0
    /// The text of `content-length`.
    private var lengthText: Octets?
    private var codings = TransferCodings()

    init(limits: HTTP1Limits) { self.limits = limits }

    /// Continues reading. `bytes`: all bytes since the start of the header. `head`: the same object until the header is
    /// complete.
    mutating func read(_ bytes: UnsafeRawBufferPointer, into head: RequestHead) -> Outcome {
        if self.target == nil {
            // Detected here, since a TLS client waits for an answer and never sends an end of line.
            if bytes.count >= 2, bytes[0] == 0x16, bytes[1] == 0x03 { return .refused(Self.isTLS) }
            // An empty line before the request line is ignored: old clients send one after a body (RFC 9112 §2.2).
            if bytes.count >= 2, bytes[0] == ASCII.carriageReturn, bytes[1] == ASCII.newline { self.at = 2 }
            switch self.line(bytes, limit: self.limits.requestLine, beyond: Self.lineTooLong) {
            case .incomplete: return .incomplete
            case .refused(let refusal): return .refused(refusal)
            case .found(let start, let end):
                do {
                    guard let target = try self.requestLine(bytes, start, end, into: head) else { return .needsRoom }
                    self.target = target
                } catch { return .refused(error) }
            }
        }
        while true {
            switch self.line(bytes, limit: self.limits.field, beyond: Self.fieldTooLong) {
            case .incomplete: return .incomplete
            case .refused(let refusal): return .refused(refusal)
            case .found(let start, let end):
                do {
                    guard start < end else {
                        try self.finish(head)
                        return .complete(self.at)
                    }
                    guard try self.field(bytes, start, end, into: head) else { return .needsRoom }
                } catch { return .refused(error) }
            }
        }
    }

    /// The refusal of a TLS client: the first bytes are a handshake record of SSL 3 or TLS.
    private static let isTLS = Refusal.badRequest("TLS handshake on a plain HTTP port; use http://")
    private static let lineTooLong = Refusal(status: 414, reason: "request line too long")
    private static let fieldTooLong = Refusal(status: 431, reason: "header field too large")
    private static let headTooLong = Refusal(status: 431, reason: "request header too large")

    /// Returns the next line, without its CRLF. A bare LF is refused: RFC 9112 §2.2 allows it, but it enables request
    /// smuggling.
    private mutating func line(_ bytes: UnsafeRawBufferPointer, limit: Int, beyond: Refusal) -> Line {
        let newline = bytes.firstIndex(of: ASCII.newline, from: self.at)
        // The limits are checked first, so that the result does not depend on how the input is split.
        if self.isLonger(than: limit, bytes, end: newline ?? bytes.count) { return .refused(beyond) }
        guard let newline else {
            return bytes.count > self.limits.head ? .refused(Self.headTooLong) : .incomplete
        }
        if newline + 1 > self.limits.head { return .refused(Self.headTooLong) }
        guard newline > self.at, bytes[newline - 1] == ASCII.carriageReturn else {
            return .refused(.badRequest("bare LF in the request header"))
        }
        let start = self.at
        self.at = newline + 1
        return .found(start: start, end: newline - 1)
    }

    /// Whether the line at the current position, of which the bytes up to `end` have arrived, exceeds the limit. Its CR
    /// does not count.
    private func isLonger(than limit: Int, _ bytes: UnsafeRawBufferPointer, end: Int) -> Bool {
        let count = end - self.at
        return count > limit + 1 || (count == limit + 1 && bytes[end - 1] != ASCII.carriageReturn)
    }

    /// Copies and parses the request line. Returns nil if the `RequestHead` has no room.
    private func requestLine(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, into head: RequestHead
    ) throws(Refusal) -> RequestTarget? {
        guard let memory = head.reserve(end - start) else { return nil }
        memcpy(memory, bytes.baseAddress! + start, end - start)
        let line = UnsafeMutableBufferPointer(start: memory, count: end - start)
        return try RequestLine.read(line, into: head)
    }

    /// Parses `field-name ":" OWS field-value OWS` (RFC 9112 §5). Returns false if the `RequestHead` has no room.
    private mutating func field(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, into head: RequestHead
    ) throws(Refusal) -> Bool {
        guard head.fieldCount < self.limits.fields else {
            throw Refusal(status: 431, reason: "too many header fields")
        }
        guard let memory = head.reserve(end - start) else { return false }
        let source = (bytes.baseAddress! + start).assumingMemoryBound(to: UInt8.self)
        let count = end - start

        var colon = 0
        while colon < count, ASCII.isToken(source[colon]) {
            memory[colon] = ASCII.lowercased(source[colon])
            colon += 1
        }
        // This also refuses white space before the colon and folded lines, which are not tokens (RFC 9112 §5.1, §5.2).
        guard colon > 0, colon < count, source[colon] == UInt8(ascii: ":") else {
            throw .badRequest("malformed header field name")
        }
        var valueStart = colon + 1
        var valueEnd = count
        while valueStart < valueEnd, ASCII.isBlank(source[valueStart]) { valueStart += 1 }
        while valueStart < valueEnd, ASCII.isBlank(source[valueEnd - 1]) { valueEnd -= 1 }
        var allowed = true
        for at in valueStart..<valueEnd { allowed = allowed && ASCII.isFieldValue(source[at]) }
        guard allowed else { throw .badRequest("control character in a header field value") }
        memcpy(memory + valueStart, source + valueStart, valueEnd - valueStart)

        let field = HeaderField(
            name: Octets(memory, colon),
            value: Octets(memory + valueStart, valueEnd - valueStart)
        )
        head.append(field)
        try self.note(field, of: head)
        return true
    }

    /// Records the fields that the server itself evaluates.
    private mutating func note(_ field: HeaderField, of head: RequestHead) throws(Refusal) {
        switch field.name.size {
        case 2 where field.name.equals("te"):
            if field.value.listContains("trailers") { head.framing.acceptsTrailers = true }
        case 4 where field.name.equals("host"):
            self.hosts += 1
            self.hostField = head.fieldCount - 1
        case 6 where field.name.equals("expect"):
            // The only defined expectation (RFC 9110 §10.1.1).
            guard field.value.equalsIgnoringCase("100-continue") else {
                throw Refusal(status: 417, reason: "unsupported expectation; only 100-continue is supported")
            }
            head.framing.expectsContinue = true
        case 7 where field.name.equals("upgrade"):
            if field.value.listContains("websocket") { head.framing.knowsWebSocket = true }
        case 10 where field.name.equals("connection"):
            if field.value.listContains("close") { head.framing.close = true }
            if field.value.listContains("keep-alive") { head.framing.keepAlive = true }
            if field.value.listContains("upgrade") { head.framing.upgrades = true }
        case 14 where field.name.equals("content-length"):
            // Compared as text: a proxy may not treat `5` and `05` as the same number.
            if let lengthText, !lengthText.equals(field.value) {
                throw .badRequest("conflicting content-length fields")
            }
            head.framing.contentLength = try Self.length(field.value)
            self.lengthText = field.value
        case 17 where field.name.equals("transfer-encoding"): try self.codings.append(field.value)
        default: break
        }
    }

    /// Parses decimal digits: no sign, no list (RFC 9112 §6.3).
    static func length(_ value: Octets) throws(Refusal) -> Int {
        var length = 0
        guard value.size > 0 else { throw .badRequest("empty content-length") }
        for byte in value.bytes {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { throw .badRequest("content-length is not a number") }
            let (tens, over) = length.multipliedReportingOverflow(by: 10)
            let (sum, overToo) = tens.addingReportingOverflow(Int(digit))
            guard !over, !overToo else { throw Refusal(status: 413, reason: "content-length too large") }
            length = sum
        }
        return length
    }

    /// Performs the checks that need all fields.
    private func finish(_ head: RequestHead) throws(Refusal) {
        if self.codings.isGiven {
            // Both fields together allow request smuggling (RFC 9112 §6.1). HTTP/1.0 has no chunks.
            if head.framing.contentLength != nil {
                throw .badRequest("both content-length and transfer-encoding")
            }
            if head.version == .http10 { throw .badRequest("transfer-encoding in an HTTP/1.0 request") }
            try self.codings.check()
            head.framing.isChunked = true
        }
        if let limit = self.limits.body, let length = head.framing.contentLength, length > limit {
            throw RequestBody.tooLarge
        }
        guard self.hosts <= 1 else { throw .badRequest("more than one host field") }
        guard self.hosts == 1 || head.version == .http10 else { throw .badRequest("missing host field") }
        if self.hosts == 1 {
            guard RequestTarget.isAuthority(head.fields[self.hostField].value) else {
                throw .badRequest("malformed host field")
            }
        }
        let authority = try self.target?.resolve(into: head)
        if let authority, self.hosts == 1 { head.replaceField(at: self.hostField, value: authority) }
        head.authority = authority ?? (self.hosts == 1 ? head.fields[self.hostField].value : .empty)
        // A request for any other upgrade is answered without it, which is allowed (RFC 9110 §7.8).
        head.asksForWebSocket =
            head.framing.upgrades && head.framing.knowsWebSocket && head.version == .http11 && head.method.equals("GET")
        // An HTTP/1.0 client knows neither 100 (RFC 9110 §10.1.1) nor chunks.
        if head.version == .http10 {
            head.framing.expectsContinue = false
            head.framing.acceptsTrailers = false
        }
    }
}
