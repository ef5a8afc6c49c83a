/// The kind of a value, such as the case of an enum: encoded as one byte before the rest of the value.
package protocol MessageKind: MessageCodable, RawRepresentable where RawValue == UInt8 {
    /// The fault for a byte that is no known kind.
    static var unknown: MessageFault { get }
}

extension MessageKind {
    package func encode(to writer: inout MessageWriter) { writer.writeNumber(self.rawValue) }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        guard let kind = Self(rawValue: try reader.readNumber()) else { throw Self.unknown }
        self = kind
    }
}
