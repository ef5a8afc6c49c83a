import RoostModules
import RoostSettings
package import RoostSystem

/// Which applications to reload, and how.
package struct ReloadRequest: Equatable, Sendable {
    /// Names or mounts of applications; empty for all.
    package var names: Set<String> = []
    /// Whether an operator requested it: refused and quarantined generations are tried again then.
    package var isAsked = false
    /// Whether unchanged applications are reloaded too.
    package var isForced = false
    /// Whether new workers take over even if the change could be made in place.
    package var inNewWorkers = false

    package init(
        names: Set<String> = [], isAsked: Bool = false, isForced: Bool = false, inNewWorkers: Bool = false
    ) {
        self.names = names
        self.isAsked = isAsked
        self.isForced = isForced
        self.inNewWorkers = inNewWorkers
    }

    /// The keys of the named applications; nil for all. Applications of one file are reloaded together. Throws
    /// `HostError` for an unknown name.
    package func keys(
        among deployed: [DeployedApplication], _ declared: [DeclaredApplication]
    ) throws -> Set<String>? {
        guard !self.names.isEmpty else { return nil }
        let known =
            deployed.map { ($0.key, $0.name, $0.mount, $0.prepared?.key.resolved) }
            + declared.map { ($0.key, $0.name, $0.mount, $0.prepared?.key.resolved) }
        var keys: Set<String> = []
        for name in self.names {
            let named = known.filter { $0.1 == name || $0.2?.description == name }
            guard !named.isEmpty else {
                let near = NearestName.to(name, among: Set(known.map(\.1)))
                throw HostError(
                    code: .usage,
                    message: "no application '\(name)'"
                        + (near.isEmpty
                            ? " (roost status lists all)" : "; did you mean \(near.joined(separator: ", "))?"))
            }
            let files = Set(named.compactMap(\.3))
            keys.formUnion(named.map(\.0))
            keys.formUnion(known.filter { $0.3.map(files.contains) ?? false }.map(\.0))
        }
        return keys
    }
}

/// The form in which `roost reload` sends it.
extension ReloadRequest: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.names.sorted())
        writer.write(self.isForced)
        writer.write(self.inNewWorkers)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.isAsked = true
        self.names = Set(try reader.readList(String.self))
        self.isForced = try reader.read()
        self.inNewWorkers = try reader.read()
    }
}
