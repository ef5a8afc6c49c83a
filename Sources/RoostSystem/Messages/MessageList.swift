/// A list as a single value, for use as the value of a map.
package struct MessageList<Element: MessageCodable> {
    package let elements: [Element]

    package init(_ elements: [Element]) { self.elements = elements }
}

extension MessageList: MessageCodable {
    package static var leastSize: Int { 4 }

    package func encode(to writer: inout MessageWriter) { writer.write(self.elements) }

    package init(from reader: inout MessageReader) throws(MessageFault) { self.elements = try reader.readList() }
}
