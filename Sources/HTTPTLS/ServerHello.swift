/// Reads the cipher suite from the first record that a server sends, its ServerHello (RFC 8446 §4.1.3, §5.1; RFC 5246
/// §7.4.1.3). A value without I/O.
enum ServerHello {
    /// Returns the number of the cipher suite; nil if `bytes` do not begin with a ServerHello.
    static func cipherSuite(in bytes: UnsafeRawBufferPointer) -> UInt16? {
        // The record header, the message header, the version and the random value precede the session identifier.
        let session = 5 + 4 + 2 + 32
        guard bytes.count > session, bytes[0] == 22, bytes[5] == 2 else { return nil }
        let at = session + 1 + Int(bytes[session])
        guard bytes.count >= at + 2 else { return nil }
        return UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
    }
}
