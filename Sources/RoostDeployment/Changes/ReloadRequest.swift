import RoostModules
import RoostSettings
import RoostSystem

/// What somebody wants loaded anew.
package struct ReloadRequest: Equatable, Sendable {
    /// Names of applications, or their mounts; none: all.
    package var names: Set<String> = []
    /// Somebody asked for it: what was refused, or is quarantined, gets another chance.
    package var isAsked = false
    /// What is the same again too: its statics begin afresh.
    package var isForced = false
    /// By new workers, whatever could be done in place.
    package var inNewWorkers = false

    package init(
        names: Set<String> = [], isAsked: Bool = false, isForced: Bool = false, inNewWorkers: Bool = false
    ) {
        self.names = names
        self.isAsked = isAsked
        self.isForced = isForced
        self.inNewWorkers = inNewWorkers
    }

    /// Both.
    package func joined(with other: ReloadRequest) -> ReloadRequest {
        var both = self
        both.names = self.names.isEmpty || other.names.isEmpty ? [] : self.names.union(other.names)
        both.isAsked = self.isAsked || other.isAsked
        both.isForced = self.isForced || other.isForced
        both.inNewWorkers = self.inNewWorkers || other.inNewWorkers
        return both
    }

    /// Which of these it means, by their keys; applications of one file are reloaded together. Throws `HostError` for a name that nobody has.
    package func keys(of members: [Roster.Member], _ candidates: [Candidate]) throws -> Set<String>? {
        guard !self.names.isEmpty else { return nil }
        let known =
            members.map { ($0.key, $0.name, $0.mount, $0.application?.key.resolved) }
            + candidates.map { ($0.key, $0.name, $0.mount, (try? $0.outcome.get())?.key.resolved) }
        var keys: Set<String> = []
        for name in self.names {
            let named = known.filter { $0.1 == name || $0.2?.description == name }
            guard !named.isEmpty else {
                let near = NearestName.to(name, among: Set(known.map(\.1)))
                throw HostError(
                    code: .usage,
                    message: "there is no application '\(name)'"
                        + (near.isEmpty
                            ? " (roost status has them all)" : "; did you mean \(near.joined(separator: ", "))?"))
            }
            let files = Set(named.compactMap(\.3))
            keys.formUnion(named.map(\.0))
            keys.formUnion(known.filter { $0.3.map(files.contains) ?? false }.map(\.0))
        }
        return keys
    }
}

extension ReloadRequest {
    /// As a command says it.
    package init(_ message: Message) {
        self.isAsked = true
        self.names = Set((message.fields["names"] ?? "").split(separator: "\n").map(String.init))
        self.isForced = message.fields["force"] != nil
        self.inNewWorkers = message.fields["workers"] != nil
    }

    package var message: Message {
        var fields = ["names": self.names.sorted().joined(separator: "\n")]
        fields["force"] = self.isForced ? "" : nil
        fields["workers"] = self.inNewWorkers ? "" : nil
        return Message("reload", fields)
    }
}
