import HTTPServer
import RoostDeployment
import RoostSystem

/// What a worker is to be: told by its supervisor before anything else.
struct WorkerOrder: Sendable {
    var applications: [InstalledApplication]
    /// Of the listening sockets, in the order in which the worker has them.
    var addresses: [BindAddress]
    var privileges: Privileges
    /// Its clients are other workers, by the first of the sockets.
    var isRelayed = false
    /// Who other workers may be.
    var relayUsers: Set<UInt32> = []
    /// Where workers of other groups answer, by the groups' names.
    var relayPaths: [String: [String]] = [:]
    /// Whether standard error is a terminal that wants colours: until it is ready the worker has a pipe there.
    var isErrorColoured: Bool

    var message: Message {
        var fields = ["privileges": self.privileges.text, "coloured": "\(self.isErrorColoured)"]
        fields["relayed"] = self.isRelayed ? "" : nil
        fields["relayUsers"] = self.relayUsers.sorted().map { "\($0)" }.joined(separator: " ")
        for (number, (group, paths)) in self.relayPaths.enumerated() {
            fields["group.\(number).name"] = group
            fields["group.\(number).paths"] = paths.joined(separator: "\n")
        }
        fields.merge(InstalledApplication.texts(of: self.applications)) { $1 }
        for (number, address) in self.addresses.enumerated() {
            switch address {
            case .tcp(let host, let port, _):
                fields["listener.\(number).host"] = host
                fields["listener.\(number).port"] = "\(port)"
            case .unix(let path, _): fields["listener.\(number).path"] = path
            // A listener knows where it listens.
            case .descriptor: break
            }
        }
        return Message("order", fields)
    }

    init(applications: [InstalledApplication], addresses: [BindAddress], privileges: Privileges, isErrorColoured: Bool)
    {
        self.applications = applications
        self.addresses = addresses
        self.privileges = privileges
        self.isErrorColoured = isErrorColoured
    }

    /// One a line.
    static func paths(_ text: String?) -> [String] { (text ?? "").split(separator: "\n").map(String.init) }

    /// Throws `HostError` for a message that is no order: it was not sent by this roost.
    init(_ message: Message) throws {
        guard message.name == "order", let privileges = message.fields["privileges"].flatMap(Privileges.init(text:))
        else {
            throw HostError(code: .usage, message: "a worker is started by its supervisor only")
        }
        self.privileges = privileges
        self.isErrorColoured = message.fields["coloured"] == "true"
        self.applications = try InstalledApplication.all(in: message.fields)
        self.isRelayed = message.fields["relayed"] != nil
        self.relayUsers = Set((message.fields["relayUsers"] ?? "").split(separator: " ").compactMap { UInt32($0) })
        var number = 0
        while let group = message.fields["group.\(number).name"] {
            self.relayPaths[group] = Self.paths(message.fields["group.\(number).paths"])
            number += 1
        }
        self.addresses = []
        while true {
            let key = "listener.\(self.addresses.count)"
            if let path = message.fields["\(key).path"] {
                self.addresses.append(.unix(path: path))
            } else if let host = message.fields["\(key).host"] {
                self.addresses.append(.tcp(host: host, port: message.fields["\(key).port"].flatMap { Int($0) } ?? 0))
            } else {
                return
            }
        }
    }
}
