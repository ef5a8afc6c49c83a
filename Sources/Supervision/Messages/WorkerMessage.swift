import ModuleRuntime
import RoostSystem

/// A message from a worker to its supervisor.
///
/// A module can write to the channel as its worker can. The supervisor therefore limits what it reads, and acts only on
/// the applications of the worker's group.
enum WorkerMessage: Equatable {
    /// The worker is ready to serve. `faults`: why applications did not start, by their numbers.
    case ready(faults: [UInt32: String])
    /// The worker accepts no more connections.
    case stoppedAccepting
    /// The worker cannot start.
    case refused(reason: String)
    /// The worker has prepared the change with this number. `faults`: why applications did not start, by their numbers.
    case prepared(change: Int, faults: [UInt32: String])
    case committed(change: Int)
    /// The worker's applications can restore the state of the worker that it replaces.
    case requestsState
    /// The states of the worker's applications, by their numbers.
    case savedState([UInt32: SavedState])
}

extension WorkerMessage: MessageCodable {
    private enum Kind: UInt8, MessageKind {
        case ready, stoppedAccepting, refused, prepared, committed, requestsState, savedState

        static let unknown = MessageFault("unknown kind of worker message")
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .ready(let faults):
            writer.write(Kind.ready)
            writer.write(faults)
        case .stoppedAccepting: writer.write(Kind.stoppedAccepting)
        case .refused(let reason):
            writer.write(Kind.refused)
            writer.write(reason)
        case .prepared(let change, let faults):
            writer.write(Kind.prepared)
            writer.write(change)
            writer.write(faults)
        case .committed(let change):
            writer.write(Kind.committed)
            writer.write(change)
        case .requestsState: writer.write(Kind.requestsState)
        case .savedState(let states):
            writer.write(Kind.savedState)
            writer.write(states)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.read(Kind.self) {
        case .ready: self = .ready(faults: try reader.readMap())
        case .stoppedAccepting: self = .stoppedAccepting
        case .refused: self = .refused(reason: try reader.read())
        case .prepared: self = .prepared(change: try reader.read(), faults: try reader.readMap())
        case .committed: self = .committed(change: try reader.read())
        case .requestsState: self = .requestsState
        case .savedState: self = .savedState(try reader.readMap())
        }
    }
}
