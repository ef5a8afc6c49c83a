/// The kinds of a value that a message tells apart, such as the cases of an enum: one byte, before the rest of the value.
package protocol MessageKind: MessageCodable, RawRepresentable where RawValue == UInt8 {
    /// The fault of a byte that is none of the kinds.
    static var unknown: MessageFault { get }
}

extension MessageKind {
    package func encode(to writer: inout MessageWriter) { writer.writeNumber(self.rawValue) }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        guard let kind = Self(rawValue: try reader.readNumber()) else { throw Self.unknown }
        self = kind
    }
}
