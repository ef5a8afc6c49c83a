import HTTPServer
import RoostDeployment
import RoostSystem

/// What a worker is started for: the first message of its supervisor.
struct WorkerOrder: Sendable {
    private(set) var applications: ApplicationList
    /// The addresses of the listening sockets, in the order of their descriptors.
    let addresses: [ListenerAddress]
    let privileges: Privileges
    /// Whether its clients are workers that relay to it, by the first of the sockets.
    let isRelayed: Bool
    /// The users that workers of other groups may run as.
    let relayUsers: Set<UInt32>
    /// The sockets of the workers of other groups, by the names of the groups.
    let groupSockets: [String: [String]]
    /// Whether standard error is a terminal that shows colours: until the worker is ready it has a pipe there.
    let isErrorColoured: Bool

    /// The order for a worker that answers in place of the applications, which did not start.
    var standingIn: WorkerOrder {
        var order = self
        order.applications = ApplicationList(
            self.applications.applications.map { application in
                var application = application
                application.isFailing = true
                application.isRelayed = false
                return application
            })
        return order
    }

    /// Where a listening socket of a worker is bound.
    enum ListenerAddress: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unix(path: String)

        /// The supervisor has bound the socket: nothing else of its address concerns a worker.
        init(_ address: BindAddress) {
            switch address {
            case .tcp(let host, let port, _): self = .tcp(host: host, port: port)
            case .unix(let path, _): self = .unix(path: path)
            // A listener names the address that its socket is bound to, also where the operator names a descriptor.
            case .descriptor: self = .unix(path: address.description)
            }
        }

        var address: BindAddress {
            switch self {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        }
    }
}

extension WorkerOrder: MessageCodable {
    func encode(to writer: inout MessageWriter) {
        writer.write(self.applications)
        writer.write(self.addresses)
        writer.write(self.privileges)
        writer.write(self.isRelayed)
        writer.write(self.relayUsers.sorted())
        writer.write(self.groupSockets.mapValues { MessageList($0) })
        writer.write(self.isErrorColoured)
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        self.applications = try reader.read()
        self.addresses = try reader.readList()
        self.privileges = try reader.read()
        self.isRelayed = try reader.read()
        self.relayUsers = Set(try reader.readList(UInt32.self))
        self.groupSockets = try reader.readMap(String.self, MessageList<String>.self).mapValues(\.elements)
        self.isErrorColoured = try reader.read()
    }
}

extension WorkerOrder.ListenerAddress: MessageCodable {
    private enum Kind: UInt8, MessageKind {
        case tcp, unix

        static let unknown = MessageFault("unknown kind of listener")
    }

    func encode(to writer: inout MessageWriter) {
        switch self {
        case .tcp(let host, let port):
            writer.write(Kind.tcp)
            writer.write(host)
            writer.write(port)
        case .unix(let path):
            writer.write(Kind.unix)
            writer.write(path)
        }
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.read(Kind.self) {
        case .tcp: self = .tcp(host: try reader.read(), port: try reader.read())
        case .unix: self = .unix(path: try reader.read())
        }
    }
}
