import HTTPServer
import RoostDeployment
import RoostSystem

/// What a worker is started with: the first message from its supervisor.
struct WorkerOrder: Sendable {
    private(set) var applications: ApplicationList
    /// The addresses of the listening sockets, in the order of their descriptors.
    let addresses: [ListenerAddress]
    var privileges: Privileges
    /// Whether the worker's clients are workers that relay to it, over the first of the sockets.
    let isRelayed: Bool
    /// The user ids that workers of other groups may run as.
    let relayUsers: Set<UInt32>
    /// The relay sockets of the workers of other groups, by group name.
    let groupSockets: [String: [String]]
    /// Whether the supervisor's standard error is a terminal that shows colours. The worker cannot tell: its own
    /// standard error is a pipe until it is ready.
    let isErrorColoured: Bool

    /// The order for a stand-in worker, which answers in place of applications that did not start.
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

    /// The address that a listening socket of a worker is bound to.
    enum ListenerAddress: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unix(path: String)

        /// Keeps only what a worker needs: the supervisor has already bound the socket.
        init(_ address: BindAddress) {
            switch address {
            case .tcp(let host, let port, _): self = .tcp(host: host, port: port)
            case .unix(let path, _): self = .unix(path: path)
            // A listener has the address that its socket is bound to, even if the operator passed a descriptor.
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
