/// The framing of a message on a stream: size (4 bytes, little-endian), format version (1 byte), message.
package enum MessageFrame {
    /// Both ends are the same version of Roost, unless a command talks to a server that was started before an update.
    static let version: UInt8 = 1
    static let headerSize = 5

    package static func encode(_ message: some MessageCodable) -> [UInt8] {
        var writer = MessageWriter()
        writer.write(message)
        var header = MessageWriter()
        header.writeNumber(UInt32(writer.bytes.count))
        header.writeNumber(Self.version)
        return header.bytes + writer.bytes
    }
}
