/// A request header, and the memory that holds it. Loop-bound.
///
/// A parser fills it in one pass and copies all bytes into its memory. The memory is reused for the next request after
/// the exchange has ended, so that a request on a warm loop allocates nothing. All borrowed bytes are valid until then.
public final class RequestHead {
    public package(set) var method = Octets.empty
    public package(set) var path = Octets.empty
    public package(set) var rawPath = Octets.empty
    public package(set) var query = Octets.empty
    public package(set) var version = HTTPVersion.http11
    /// The requested host name or address, with the port if one is given. Empty if an HTTP/1.0 client sends no host.
    public package(set) var authority = Octets.empty

    /// `https` if a proxy has received the request over TLS.
    public package(set) var scheme = URLScheme.http
    /// The path prefix that a proxy has reported and removed from the path; usually empty.
    public package(set) var prefix = Octets.empty

    /// The identifier of the request in logs and in its header fields; empty if it has none.
    public private(set) var identifier = Octets.empty

    /// Whether a proxy may have described the client in the header fields.
    package private(set) var hasProxyFields = false

    /// Whether the request is for the server as a whole: `OPTIONS *` (RFC 9110 §9.3.7).
    public package(set) var isServerWide = false

    /// Whether the client accepts trailers after the response body.
    public package(set) var acceptsTrailers: Bool {
        get { self.framing.acceptsTrailers }
        set { self.framing.acceptsTrailers = newValue }
    }

    /// The size of the body in bytes; nil if there is none, and for a body in chunks.
    package var contentLength: Int? { self.framing.contentLength }

    /// Whether a body follows.
    package var hasBody: Bool { self.framing.hasBody }

    /// Whether the client asks for a WebSocket (RFC 6455 §4.1).
    public package(set) var asksForWebSocket = false

    /// The parsed header fields that concern the connection and the body. For the server.
    var framing = RequestFraming()

    private var memory: UnsafeMutablePointer<UInt8>
    package private(set) var capacity: Int
    private var used = 0
    private var decoded: UnsafeMutablePointer<UInt8>?
    private var table: UnsafeMutablePointer<HeaderField>
    private var tableCapacity: Int
    private(set) var fieldCount = 0

    package init(capacity: Int = 2048, fields: Int = 32) {
        self.memory = .allocate(capacity: capacity)
        self.capacity = capacity
        self.table = .allocate(capacity: fields)
        self.tableCapacity = fields
    }

    /// A copy with other header fields, whose names are in lower case. Borrows its bytes from `other` and from `fields`.
    package convenience init(of other: RequestHead, fields: [HeaderField]) {
        self.init(capacity: 1, fields: max(fields.count, 1))
        self.method = other.method
        self.path = other.path
        self.rawPath = other.rawPath
        self.query = other.query
        self.version = other.version
        self.authority = other.authority
        self.scheme = other.scheme
        self.prefix = other.prefix
        self.isServerWide = other.isServerWide
        self.asksForWebSocket = other.asksForWebSocket
        self.framing = other.framing
        self.setIdentifier(other.identifier)
        for field in fields { self.append(field) }
    }

    deinit {
        self.memory.deallocate()
        self.decoded?.deallocate()
        self.table.deallocate()
        self.identifier.data?.deallocate()
    }

    /// The header fields in their order of arrival, with names in lower case.
    public var fields: HeaderFields { HeaderFields(start: self.table, count: self.fieldCount) }

    /// Reserves `count` more bytes. Returns nil if there is not enough room. The parser then calls `grow` and starts
    /// again, since growing invalidates everything placed so far.
    @inline(__always)
    package func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        guard self.capacity - self.used >= count else { return nil }
        let start = self.memory + self.used
        self.used += count
        return start
    }

    /// Appends a field, whose name is in lower case. A well-known name gets the address that it has in every request.
    @inline(__always)
    package func append(_ field: HeaderField) {
        if self.fieldCount == self.tableCapacity { self.growTable() }
        let name = FieldNames.shared(field.name)
        if FieldNames.isOfProxy(field.name, shared: name) { self.hasProxyFields = true }
        (self.table + self.fieldCount).initialize(to: HeaderField(name: name, value: field.value))
        self.fieldCount += 1
    }

    func replaceField(at index: Int, value: Octets) { self.table[index].value = value }

    /// Removes fields, keeping the order of the others.
    func removeFields(where isRemoved: (HeaderField) -> Bool) {
        var kept = 0
        for field in self.fields where !isRemoved(field) {
            self.table[kept] = field
            kept += 1
        }
        self.fieldCount = kept
    }

    /// Gives the request an identifier, unless it has one, and puts it into the header field with this name, which lives
    /// as long as the process.
    package func setIdentifier(_ text: String, field name: Octets) {
        // The same one may be put into several fields, which share its memory.
        if self.identifier.size == 0 {
            var text = text
            text.withUTF8 { self.setIdentifier(Octets(UnsafeRawBufferPointer($0))) }
        }
        self.removeFields { $0.name.equals(name) }
        self.append(HeaderField(name: name, value: self.identifier))
    }

    private func setIdentifier(_ text: Octets) {
        guard text.size > 0 else { return }
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.size)
        _ = memory.initialize(from: text.bytes)
        self.identifier = Octets(memory.baseAddress!, text.size)
    }

    private func freeIdentifier() {
        self.identifier.data?.deallocate()
        self.identifier = .empty
    }

    /// Replaces the host of the request by the one that a proxy has received.
    func replaceAuthority(_ authority: Octets) {
        self.authority = authority
        for at in 0..<self.fieldCount where self.table[at].name.equals("host") { self.table[at].value = authority }
    }

    package func reset() {
        self.used = 0
        self.fieldCount = 0
        self.framing = RequestFraming()
        self.asksForWebSocket = false
        self.isServerWide = false
        self.hasProxyFields = false
        self.scheme = .http
        self.prefix = .empty
        if self.identifier.size > 0 { self.freeIdentifier() }
        // A request that is refused early must not be logged with data of the previous request.
        self.method = .empty
        self.path = .empty
        self.rawPath = .empty
        self.query = .empty
        self.authority = .empty
    }

    package func grow() {
        self.memory.deallocate()
        self.capacity *= 2
        self.memory = .allocate(capacity: self.capacity)
        self.reset()
    }

    /// Reserves memory for a decoded path of `count` bytes, without moving data that is already placed.
    func reserveDecoded(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if let room = self.reserve(count) { return room }
        self.decoded?.deallocate()
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        self.decoded = room
        return room
    }

    private func growTable() {
        let larger = UnsafeMutablePointer<HeaderField>.allocate(capacity: self.tableCapacity * 2)
        larger.moveInitialize(from: self.table, count: self.fieldCount)
        self.table.deallocate()
        self.table = larger
        self.tableCapacity *= 2
    }
}

@available(*, unavailable)
extension RequestHead: Sendable {}
