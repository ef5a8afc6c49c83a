/// Assembles messages of one type from a byte stream. A value type without I/O.
package struct MessageBuffer<Message: MessageCodable> {
    /// Maximum size of a message, in bytes.
    private var limit: Int
    private var bytes: [UInt8] = []
    /// Why the rest of the stream cannot be decoded; nil if it can.
    package private(set) var fault: MessageFault?

    package init(limit: Int) { self.limit = limit }

    package mutating func raiseLimit(by bytes: Int) { self.limit += bytes }

    /// Adds bytes and returns the complete messages. Throws `MessageFault` if a message is too large, malformed or of
    /// another format version. The rest of the stream cannot be decoded then, so every later call throws too. Complete
    /// messages before the fault are returned first.
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

    /// The size of the message at `start`; nil if its header is incomplete.
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
