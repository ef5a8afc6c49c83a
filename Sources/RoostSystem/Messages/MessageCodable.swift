/// A value that processes of Roost send each other: supervisor and worker, host and probe, command and server.
///
/// An enum with values writes a `MessageKind` first: which case it is.
package protocol MessageCodable {
    /// The fewest bytes that a value takes: a list of them cannot have more elements than its message has room for.
    static var leastSize: Int { get }

    func encode(to writer: inout MessageWriter)

    /// Throws `MessageFault` for bytes that are no such value.
    init(from reader: inout MessageReader) throws(MessageFault)
}

extension MessageCodable {
    package static var leastSize: Int { 1 }
}
