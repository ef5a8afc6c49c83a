import RoostDeployment
import RoostSystem

/// What a command sends to a supervisor.
enum ControlRequest: Equatable {
    case status
    case reload(ReloadRequest)
    case stop
}

extension ControlRequest: MessageCodable {
    private enum Kind: UInt8 {
        case status, reload, stop
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .status: writer.writeNumber(Kind.status.rawValue)
        case .reload(let request):
            writer.writeNumber(Kind.reload.rawValue)
            writer.write(request)
        case .stop: writer.writeNumber(Kind.stop.rawValue)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch Kind(rawValue: try reader.readNumber()) {
        case .status: self = .status
        case .reload: self = .reload(try reader.read())
        case .stop: self = .stop
        case nil: throw MessageFault("there is no such command")
        }
    }
}
