import Glibc

/// The fields of one header block, in the order in which they have arrived; limited. A value without I/O.
struct HTTP2HeaderBlock {
    /// The ends of a name and of its value in `bytes`. The name begins where the field before ends.
    private struct Ends {
        let name: Int
        let value: Int
    }

    private var bytes: [UInt8] = []
    private var ends: [Ends] = []
    /// The size as RFC 9113 §6.5.2 counts it, in bytes, also of fields that were not stored.
    private var size = 0
    private var count = 0
    /// Whether a limit was exceeded. Further fields are counted only: the block must be read to its end, since later ones
    /// depend on it (RFC 9113 §4.3).
    private(set) var fault: Refusal?

    /// The maximum memory that is kept for the next block, in bytes.
    private static let kept = 4096
    /// How far a block may exceed its limits before the connection is ended.
    private static let tolerance = 2

    var isEmpty: Bool { self.ends.isEmpty && self.fault == nil }
    /// The number of bytes of all names and values.
    var byteCount: Int { self.bytes.count }
    var fieldCount: Int { self.ends.count }

    mutating func clear() {
        self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.kept)
        self.ends.removeAll(keepingCapacity: true)
        self.size = 0
        self.count = 0
        self.fault = nil
    }

    /// Adds a field. Returns false if the limits are exceeded by so much that the connection has to be ended.
    mutating func append(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ limits: HTTP1Limits
    ) -> Bool {
        // 32 bytes for each field, as the client has to count them (RFC 9113 §6.5.2). Counted before parts of a cookie are
        // joined.
        self.size += name.count + value.count + 32
        self.count += 1
        // A name begins with a colon if it is not a field of the request.
        let isPath = name.count == 5 && memcmp(name.baseAddress!, ":path", 5) == 0
        if isPath, value.count > limits.requestLine {
            self.fault = Refusal(status: 414, reason: "request target too long")
        } else if !isPath, name.count + value.count > limits.field {
            self.fault = Refusal(status: 431, reason: "header field too large")
        } else if self.count > limits.fields + Self.pseudoFields {
            self.fault = Refusal(status: 431, reason: "too many header fields")
        } else if self.size > limits.head {
            self.fault = Refusal(status: 431, reason: "request header too large")
        }
        guard self.fault == nil else {
            return self.size <= limits.head * Self.tolerance
                && self.count <= limits.fields * Self.tolerance + Self.pseudoFields
        }
        self.bytes.append(contentsOf: name)
        let nameEnd = self.bytes.count
        self.bytes.append(contentsOf: value)
        self.ends.append(Ends(name: nameEnd, value: self.bytes.count))
        return true
    }

    /// The maximum number of fields that are not fields of the request: `:method` and others.
    private static let pseudoFields = 5

    /// Copies all names and values.
    func copy(to memory: UnsafeMutablePointer<UInt8>) {
        self.bytes.withUnsafeBufferPointer { bytes in
            if let start = bytes.baseAddress { memory.update(from: start, count: bytes.count) }
        }
    }

    /// Calls `body` with each field in `memory`, to which `copy` has copied them.
    @inline(__always)
    func forEach(
        in memory: UnsafeMutablePointer<UInt8>, _ body: (HeaderField) throws(Refusal) -> Void
    ) throws(Refusal) {
        var start = 0
        for ends in self.ends {
            try body(
                HeaderField(
                    name: Octets(memory + start, ends.name - start),
                    value: Octets(memory + ends.name, ends.value - ends.name)))
            start = ends.value
        }
    }

    /// Calls `body` with the bytes of each name and value.
    func forEach(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        self.bytes.withUnsafeBytes { bytes in
            var start = 0
            for ends in self.ends {
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<ends.name]),
                    UnsafeRawBufferPointer(rebasing: bytes[ends.name..<ends.value]))
                start = ends.value
            }
        }
    }
}
