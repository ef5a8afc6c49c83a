/// A host name that a client sent, in the form in which names are compared (RFC 3986 §3.2.2): without letter case, port
/// and trailing dot. The bytes are borrowed.
package struct HostName {
    /// As the client sent them, in upper or lower case.
    package let bytes: Slice<UnsafeRawBufferPointer>

    package init(_ authority: Octets) {
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
    package var above: some Sequence<HostName> {
        let bytes = self.bytes
        return bytes.indices.lazy.filter { bytes[$0] == UInt8(ascii: ".") }.map { HostName(bytes[($0 + 1)...]) }
    }

    /// A copy in lower case.
    package var text: String { String(decoding: self.bytes.lazy.map(ASCII.lowercased), as: UTF8.self) }
}
