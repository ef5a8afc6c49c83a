// The standard types that messages consist of.

extension Bool: MessageCodable {
    package func encode(to writer: inout MessageWriter) { writer.writeNumber(self ? 1 as UInt8 : 0) }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.readNumber(UInt8.self) {
        case 0: self = false
        case 1: self = true
        default: throw MessageFault("a Boolean in a message is neither 0 nor 1")
        }
    }
}

extension Int: MessageCodable {
    package static var leastSize: Int { 8 }

    package func encode(to writer: inout MessageWriter) { writer.writeNumber(Int64(self)) }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self = Int(try reader.readNumber(Int64.self))
    }
}

extension UInt32: MessageCodable {
    package static var leastSize: Int { 4 }

    package func encode(to writer: inout MessageWriter) { writer.writeNumber(self) }

    package init(from reader: inout MessageReader) throws(MessageFault) { self = try reader.readNumber() }
}

extension String: MessageCodable {
    package static var leastSize: Int { 4 }

    package func encode(to writer: inout MessageWriter) { writer.write(bytes: Array(self.utf8)) }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        guard let text = String(validating: try reader.readBytes(), as: UTF8.self) else {
            throw MessageFault("a text in a message is not UTF-8")
        }
        self = text
    }
}
