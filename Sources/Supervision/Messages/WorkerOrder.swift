import HTTPServer
import HTTPTLS
import RoostDeployment
import RoostSystem

/// What a worker is started with: the first message from its supervisor.
struct WorkerOrder: Sendable {
    private(set) var applications: ApplicationList
    /// The addresses of the listening sockets, in the order of their descriptors. The supervisor has bound them.
    let addresses: [ListenAddress]
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
    /// The certificates; nil without TLS.
    var tls: TLSSettings?

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
        writer.write(self.tls.map { [$0] } ?? [])
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        self.applications = try reader.read()
        self.addresses = try reader.readList()
        self.privileges = try reader.read()
        self.isRelayed = try reader.read()
        self.relayUsers = Set(try reader.readList(UInt32.self))
        self.groupSockets = try reader.readMap(String.self, MessageList<String>.self).mapValues(\.elements)
        self.isErrorColoured = try reader.read()
        self.tls = try reader.readList(TLSSettings.self).first
    }
}
