/// Assembles messages of one type from the bytes of a stream. A value without I/O.
package struct MessageBuffer<Message: MessageCodable> {
    /// The largest message, in bytes.
    private var limit: Int
    private var bytes: [UInt8] = []
    /// Why nothing that follows can be understood; nil: it can.
    package private(set) var fault: MessageFault?

    package init(limit: Int) { self.limit = limit }

    package mutating func raiseLimit(by bytes: Int) { self.limit += bytes }

    /// Adds bytes, and returns the messages that are complete. Throws `MessageFault` for a message that is too large, of another version, or
    /// malformed: from then on, since nothing that follows on the stream can be understood. Messages before it are returned first.
    package mutating func receive(_ more: some Collection<UInt8>) throws(MessageFault) -> [Message] {
        if let fault { throw fault }
        self.bytes += more
        var messages: [Message] = []
        do throws(MessageFault) {
            try self.decode(&messages)
        } catch {
            self.fault = error
            self.bytes = []
            if messages.isEmpty { throw error }
        }
        return messages
    }

    private mutating func decode(_ messages: inout [Message]) throws(MessageFault) {
        var start = 0
        while let size = try self.sizeOfMessage(at: start) {
            let first = start + MessageFrame.headerSize
            guard self.bytes.count - first >= size else { break }
            var reader = MessageReader(self.bytes[first..<(first + size)])
            let message = try Message(from: &reader)
            guard reader.isAtEnd else { throw MessageFault("unexpected bytes after the end of a message") }
            messages.append(message)
            start = first + size
        }
        if start > 0 { self.bytes.removeFirst(start) }
    }

    /// Nil: its header has not arrived whole.
    private func sizeOfMessage(at start: Int) throws(MessageFault) -> Int? {
        guard self.bytes.count - start >= MessageFrame.headerSize else { return nil }
        var header = MessageReader(self.bytes[start..<(start + MessageFrame.headerSize)])
        let size = Int(try header.readNumber(UInt32.self))
        let version = try header.readNumber(UInt8.self)
        guard version == MessageFrame.version else {
            throw MessageFault(
                "a message from another version of roost (format \(version), not \(MessageFrame.version))")
        }
        guard size <= self.limit else {
            throw MessageFault("a message of \(size) bytes, above the limit of \(self.limit)")
        }
        return size
    }
}
