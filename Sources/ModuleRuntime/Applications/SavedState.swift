package import RoostSystem

/// The state that a generation saved, on its way to the next generation.
package struct SavedState: Equatable, Sendable {
    package let version: UInt32
    package let format: String
    package let bytes: [UInt8]

    package init(version: UInt32, format: String, bytes: [UInt8]) {
        self.version = version
        self.format = format
        self.bytes = bytes
    }
}

extension SavedState: MessageCodable {
    package static var leastSize: Int { 12 }

    package func encode(to writer: inout MessageWriter) {
        writer.write(self.version)
        writer.write(self.format)
        writer.write(bytes: self.bytes)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.version = try reader.readNumber()
        self.format = try reader.read()
        self.bytes = try reader.readBytes()
    }
}
