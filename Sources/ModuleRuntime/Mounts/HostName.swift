import HTTPServer

/// A host name that a client sent, in the form in which names are compared (RFC 3986 §3.2.2): without letter case, port
/// and trailing dot. The bytes are borrowed.
struct HostName {
    private let bytes: Slice<UnsafeRawBufferPointer>

    init(_ authority: Octets) {
        let bytes = authority.bytes
        var end = bytes.count
        // The colon before a port is the last one and not inside the brackets of an IPv6 address.
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), !bytes[colon...].contains(UInt8(ascii: "]")) {
            end = colon
        }
        if end > 0, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        self.bytes = bytes[..<end]
    }

    private init(_ bytes: Slice<UnsafeRawBufferPointer>) { self.bytes = bytes }

    /// The parent domains of the name, the longest first.
    var above: some Sequence<HostName> {
        let bytes = self.bytes
        return bytes.indices.lazy.filter { bytes[$0] == UInt8(ascii: ".") }.map { HostName(bytes[($0 + 1)...]) }
    }

    /// The value for exactly this name.
    func find<Value>(in table: OctetsTable<Value>) -> Unmanaged<Value>? {
        var hash = OctetsHash()
        for byte in self.bytes { hash.add(Self.lowercased(byte)) }
        return table.find(hash.value) { key in
            key.size == self.bytes.count && zip(key.bytes, self.bytes).allSatisfy { $0 == Self.lowercased($1) }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
