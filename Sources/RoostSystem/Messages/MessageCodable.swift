/// A value in messages between Roost processes: supervisor and worker, host and probe, command and server.
///
/// An enum with associated values first writes a `MessageKind` that names the case.
package protocol MessageCodable {
    /// Minimum encoded size, in bytes: a list must not claim more elements than its message has room for.
    static var leastSize: Int { get }

    func encode(to writer: inout MessageWriter)

    /// Throws `MessageFault` if the bytes are not a valid value.
    init(from reader: inout MessageReader) throws(MessageFault)
}

extension MessageCodable {
    package static var leastSize: Int { 1 }
}
