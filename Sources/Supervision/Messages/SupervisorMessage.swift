import HTTPTLS
import ModuleRuntime
import RoostDeployment
package import RoostSystem

/// A message from a supervisor to a worker.
enum SupervisorMessage {
    /// What the worker serves: the first message, and sent only once.
    case order(WorkerOrder)
    /// Have every loop write the time and its figures to the shared page.
    case ping
    /// The server is stopping: notify the applications. The workers that relay to this one stop first.
    case announceStop
    case shutDown(WorkerShutdown)
    /// Start applications for the change with this number.
    case prepare(change: Int, ApplicationList)
    /// Mount the prepared applications in `mounting` and the stand-ins in `instead`, and unmount those in `removing`.
    case commit(change: Int, mounting: Set<UInt32>, removing: Set<UInt32>, instead: ApplicationList)
    /// Send the states of the applications, for a worker that replaces this one.
    case saveState
    /// The states of the applications in the worker that this one replaces. Answers `requestsState`.
    case restoreState([UInt32: SavedState])
    /// The relay sockets of the workers of another group.
    case groupSockets(group: String, paths: [String])
    /// The faults of a build and of applications, for the pages of `--reload`.
    case faults([UInt32: String])
    /// The certificates for connections from now on.
    case certificates(TLSSettings)
}

/// How a worker shuts down.
package enum WorkerShutdown: UInt8, Sendable {
    /// Drain: stop accepting, and let requests finish. Another worker takes over.
    case drain
    /// Drain, and another worker with newer applications takes over.
    case retire
    /// The server is stopping: drain, but close idle connections.
    case stop
}

extension WorkerShutdown: MessageKind {
    package static var unknown: MessageFault { MessageFault("unknown kind of shutdown") }
}

extension SupervisorMessage: MessageCodable {
    private enum Kind: UInt8, MessageKind {
        case order, ping, announceStop, shutDown, prepare, commit, saveState, restoreState, groupSockets, faults,
            certificates

        static let unknown = MessageFault("unknown kind of supervisor message")
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .order(let order):
            writer.write(Kind.order)
            writer.write(order)
        case .ping: writer.write(Kind.ping)
        case .announceStop: writer.write(Kind.announceStop)
        case .shutDown(let shutdown):
            writer.write(Kind.shutDown)
            writer.write(shutdown)
        case .prepare(let change, let applications):
            writer.write(Kind.prepare)
            writer.write(change)
            writer.write(applications)
        case .commit(let change, let mounting, let removing, let instead):
            writer.write(Kind.commit)
            writer.write(change)
            writer.write(mounting.sorted())
            writer.write(removing.sorted())
            writer.write(instead)
        case .saveState: writer.write(Kind.saveState)
        case .restoreState(let states):
            writer.write(Kind.restoreState)
            writer.write(states)
        case .groupSockets(let group, let paths):
            writer.write(Kind.groupSockets)
            writer.write(group)
            writer.write(paths)
        case .faults(let faults):
            writer.write(Kind.faults)
            writer.write(faults)
        case .certificates(let settings):
            writer.write(Kind.certificates)
            writer.write(settings)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.read(Kind.self) {
        case .order: self = .order(try reader.read())
        case .ping: self = .ping
        case .announceStop: self = .announceStop
        case .shutDown: self = .shutDown(try reader.read())
        case .prepare: self = .prepare(change: try reader.read(), try reader.read())
        case .commit:
            self = .commit(
                change: try reader.read(), mounting: Set(try reader.readList(UInt32.self)),
                removing: Set(try reader.readList(UInt32.self)), instead: try reader.read())
        case .saveState: self = .saveState
        case .restoreState: self = .restoreState(try reader.readMap())
        case .groupSockets: self = .groupSockets(group: try reader.read(), paths: try reader.readList())
        case .faults: self = .faults(try reader.readMap())
        case .certificates: self = .certificates(try reader.read())
        }
    }
}
