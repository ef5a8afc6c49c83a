/// Assembles messages of one type from the bytes of a stream. A value without I/O.
package struct MessageBuffer<Message: MessageCodable> {
    /// The largest message, in bytes.
    private let limit: Int
    private var bytes: [UInt8] = []

    package init(limit: Int) { self.limit = limit }

    /// Adds bytes, and returns the messages that are complete. Throws `MessageFault` for a message that is too large, of another version, or
    /// malformed: nothing that follows on the stream can be understood.
    package mutating func receive(_ more: some Collection<UInt8>) throws(MessageFault) -> [Message] {
        self.bytes += more
        var messages: [Message] = []
        var start = 0
        while let size = try self.sizeOfMessage(at: start) {
            let first = start + MessageFrame.headerSize
            guard self.bytes.count - first >= size else { break }
            var reader = MessageReader(self.bytes[first..<(first + size)])
            messages.append(try Message(from: &reader))
            guard reader.isAtEnd else { throw MessageFault("a message has bytes after its end") }
            start = first + size
        }
        if start > 0 { self.bytes.removeFirst(start) }
        return messages
    }

    /// Nil: its header has not arrived whole.
    private func sizeOfMessage(at start: Int) throws(MessageFault) -> Int? {
        guard self.bytes.count - start >= MessageFrame.headerSize else { return nil }
        var header = MessageReader(self.bytes[start..<(start + MessageFrame.headerSize)])
        let size = Int(try header.readNumber(UInt32.self))
        let version = try header.readNumber(UInt8.self)
        guard version == MessageFrame.version else {
            throw MessageFault("a message of another version of roost (format \(version), not \(MessageFrame.version))")
        }
        guard size <= self.limit else { throw MessageFault("a message of \(size) bytes, of \(self.limit) at most") }
        return size
    }
}
