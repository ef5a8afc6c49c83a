import ModuleRuntime
import RoostDeployment
import RoostSystem

/// What a supervisor sends to a worker.
enum SupervisorMessage {
    /// What it serves: the first message, and only that.
    case order(WorkerOrder)
    /// Have every loop write to the shared page that it turns.
    case ping
    /// The server stops, and the workers that relay to this one go first.
    case announceStop
    case shutDown(WorkerShutdown)
    /// Start applications for the change with this number.
    case prepare(change: Int, ApplicationList)
    /// Mount those of them that are in `mounting`, and what answers `instead` of others; unmount those in `removing`.
    case commit(change: Int, mounting: Set<UInt32>, removing: Set<UInt32>, instead: ApplicationList)
    /// Send the states of the applications, for a worker that replaces this one.
    case saveState
    /// The states of the applications in the worker that this one replaces: the answer to `requestsState`.
    case restoreState([UInt32: SavedState])
    /// The sockets of the workers of another group.
    case groupSockets(group: String, paths: [String])
}

/// How a worker ends.
package enum WorkerShutdown: UInt8, Sendable {
    /// Another worker goes on in its place: it stops accepting and lets its connections end.
    case drain
    /// The same, and the other worker has newer applications.
    case retire
    /// The server stops: the same, but connections without a request are not waited for.
    case stop
}

extension SupervisorMessage: MessageCodable {
    private enum Kind: UInt8 {
        case order, ping, announceStop, shutDown, prepare, commit, saveState, restoreState, groupSockets
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .order(let order):
            writer.writeNumber(Kind.order.rawValue)
            writer.write(order)
        case .ping: writer.writeNumber(Kind.ping.rawValue)
        case .announceStop: writer.writeNumber(Kind.announceStop.rawValue)
        case .shutDown(let shutdown):
            writer.writeNumber(Kind.shutDown.rawValue)
            writer.writeNumber(shutdown.rawValue)
        case .prepare(let change, let applications):
            writer.writeNumber(Kind.prepare.rawValue)
            writer.write(change)
            writer.write(applications)
        case .commit(let change, let mounting, let removing, let instead):
            writer.writeNumber(Kind.commit.rawValue)
            writer.write(change)
            writer.write(mounting.sorted())
            writer.write(removing.sorted())
            writer.write(instead)
        case .saveState: writer.writeNumber(Kind.saveState.rawValue)
        case .restoreState(let states):
            writer.writeNumber(Kind.restoreState.rawValue)
            writer.write(states)
        case .groupSockets(let group, let paths):
            writer.writeNumber(Kind.groupSockets.rawValue)
            writer.write(group)
            writer.write(paths)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch Kind(rawValue: try reader.readNumber()) {
        case .order: self = .order(try reader.read())
        case .ping: self = .ping
        case .announceStop: self = .announceStop
        case .shutDown:
            guard let shutdown = WorkerShutdown(rawValue: try reader.readNumber()) else {
                throw MessageFault("an unknown kind of shutdown")
            }
            self = .shutDown(shutdown)
        case .prepare: self = .prepare(change: try reader.read(), try reader.read())
        case .commit:
            self = .commit(
                change: try reader.read(), mounting: Set(try reader.readList(UInt32.self)),
                removing: Set(try reader.readList(UInt32.self)), instead: try reader.read())
        case .saveState: self = .saveState
        case .restoreState: self = .restoreState(try reader.readMap())
        case .groupSockets: self = .groupSockets(group: try reader.read(), paths: try reader.readList())
        case nil: throw MessageFault("a supervisor's message of an unknown kind")
        }
    }
}
