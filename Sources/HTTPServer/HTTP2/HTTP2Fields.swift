import CHTTP2
import Glibc

/// The fields of a header that is about to be submitted, and the memory for texts that are made for it. Loop-bound; one
/// for a loop.
final class HTTP2Fields {
    private var list: UnsafeMutablePointer<roost_h2_field>
    private var capacity = 64
    private var count = 0
    /// Numbers, and names in lower case.
    private var text: UnsafeMutablePointer<UInt8>
    private var textCapacity = 4096
    private var textCount = 0

    init() {
        self.list = .allocate(capacity: self.capacity)
        self.text = .allocate(capacity: self.textCapacity)
    }

    deinit {
        self.list.deallocate()
        self.text.deallocate()
    }

    /// The fields, valid until `clear`.
    var all: UnsafeBufferPointer<roost_h2_field> { UnsafeBufferPointer(start: self.list, count: self.count) }

    /// Begins another header. `fields`: the number of its fields. `nameBytes`: the size of all names together, in bytes.
    func clear(fields: Int, nameBytes: Int) {
        self.count = 0
        self.textCount = 0
        if fields > self.capacity {
            self.list.deallocate()
            self.capacity = fields * 2
            self.list = .allocate(capacity: self.capacity)
        }
        if nameBytes > self.textCapacity {
            self.text.deallocate()
            self.textCapacity = nameBytes * 2
            self.text = .allocate(capacity: self.textCapacity)
        }
    }

    @inline(__always)
    func append(_ name: Octets, _ value: Octets) {
        (self.list + self.count).initialize(
            to: roost_h2_field(name: name.data, name_size: name.size, value: value.data, value_size: value.size))
        self.count += 1
    }

    /// Appends a field whose name may have upper-case letters, which HTTP/2 does not allow (RFC 9113 §8.2.1). White space
    /// around a value is not allowed either.
    func append(lowercasing field: HeaderField) {
        let start = self.text + self.textCount
        for (at, byte) in field.name.bytes.enumerated() { start[at] = ASCII.lowercased(byte) }
        self.textCount += field.name.size
        self.append(Octets(start, field.name.size), field.value.trimmed)
    }

    func append(_ name: StaticString, number: Int) {
        let start = self.text + self.textCount
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        rest = number
        for place in stride(from: digits - 1, through: 0, by: -1) {
            start[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        self.textCount += digits
        self.append(Octets(name), Octets(start, digits))
    }

    /// The bytes of numbers and of the fields of the server.
    private static let numberBytes = 64

    /// Begins a response header with the fields of the server: status, date, defaults.
    func begin(status: Int, hasDate: Bool, hasServer: Bool, fields: Int, nameBytes: Int, loop: ServerLoop) {
        let defaults = loop.defaultHeaders
        self.clear(
            fields: fields + defaults.fields.count + 3, nameBytes: nameBytes + Self.numberBytes)
        self.append(":status", number: status)
        if !hasDate, loop.configuration.sendsDate {
            // The cached line of HTTP/1 is `date: VALUE CRLF`.
            let line = loop.date.line()
            self.append(Octets("date"), Octets(data: line.data.map { $0 + 6 }, size: line.size - 8))
        }
        for field in hasServer ? defaults.fields.dropFirst(defaults.serverCount) : defaults.fields[...] {
            self.append(field.name, field.value)
        }
    }
}

@available(*, unavailable)
extension HTTP2Fields: Sendable {}
