import NIOCore

/// A copy of a response header, held from `start` to the first part of the body. A value without I/O.
struct HTTP2HeldHeader {
    private var memory = ByteBuffer()
    private(set) var count = 0
    private(set) var nameBytes = 0
    var status = 0
    var hasDate = false
    var hasServer = false

    /// The maximum memory that is kept, in bytes.
    private static let kept = 16 * 1024

    mutating func hold(status: Int, _ fields: ResponseFields) {
        self.clear()
        self.status = status
        self.hasDate = fields.hasDate
        self.hasServer = fields.hasServer
        for field in fields.fields where !ResponseFields.isServerControlled(field.name) {
            self.memory.writeInteger(UInt32(field.name.size))
            self.memory.writeInteger(UInt32(field.value.size))
            self.memory.writeBytes(field.name.bytes)
            self.memory.writeBytes(field.value.bytes)
            self.count += 1
            self.nameBytes += field.name.size
        }
    }

    mutating func clear() {
        if self.memory.capacity > Self.kept { self.memory = ByteBuffer() } else { self.memory.clear() }
        self.count = 0
        self.nameBytes = 0
    }

    /// Calls `body` for each field, and then `end`; the bytes are valid until that returns.
    func withFields(_ body: (HeaderField) -> Void, end: () -> Void) {
        self.memory.withUnsafeReadableBytes { bytes in
            var at = 0
            func number() -> Int {
                defer { at += 4 }
                return Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            }
            for _ in 0..<self.count {
                let (name, value) = (number(), number())
                let start = UnsafeRawBufferPointer(rebasing: bytes[at..<(at + name + value)])
                body(
                    HeaderField(
                        name: Octets(UnsafeRawBufferPointer(rebasing: start[..<name])),
                        value: Octets(UnsafeRawBufferPointer(rebasing: start[name...]))))
                at += name + value
            }
            end()
        }
    }
}
