import RoostSystem

/// A supervisor's response to a command.
enum ControlResponse: Equatable {
    case status(StatusReport)
    /// The command was carried out. `text`: the result, one line for each application.
    case done(text: String)
    /// The command, or a part of it, was refused. `text`: the part that was carried out.
    case refused(reason: String, text: String)
}

extension ControlResponse: MessageCodable {
    private enum Kind: UInt8, MessageKind {
        case status, done, refused

        static let unknown = MessageFault("unknown kind of answer")
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .status(let report):
            writer.write(Kind.status)
            writer.write(report)
        case .done(let text):
            writer.write(Kind.done)
            writer.write(text)
        case .refused(let reason, let text):
            writer.write(Kind.refused)
            writer.write(reason)
            writer.write(text)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.read(Kind.self) {
        case .status: self = .status(try reader.read())
        case .done: self = .done(text: try reader.read())
        case .refused: self = .refused(reason: try reader.read(), text: try reader.read())
        }
    }
}
