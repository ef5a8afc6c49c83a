import RoostDeployment
import RoostSystem

/// A command's request to a supervisor.
enum ControlRequest: Equatable {
    case status
    case reload(ReloadRequest)
    case stop
}

extension ControlRequest: MessageCodable {
    private enum Kind: UInt8, MessageKind {
        case status, reload, stop

        static let unknown = MessageFault("unknown command")
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .status: writer.write(Kind.status)
        case .reload(let request):
            writer.write(Kind.reload)
            writer.write(request)
        case .stop: writer.write(Kind.stop)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.read(Kind.self) {
        case .status: self = .status
        case .reload: self = .reload(try reader.read())
        case .stop: self = .stop
        }
    }
}
