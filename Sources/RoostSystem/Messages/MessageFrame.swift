/// The bytes of a message on a stream: its size (4 bytes, little-endian), the version of the format, the message.
package enum MessageFrame {
    /// Both ends of a channel are the same `roost`, but for commands that talk to a server which was started before an update.
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
