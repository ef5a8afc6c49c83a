import RoostSettings

/// The part of a change for one group of workers.
package struct MountStep {
    /// Nil for the workers that accept connections.
    package let group: String?
    /// The applications that are new or get another generation.
    package let applications: [DeployedApplication]
    package let removed: [UInt32]
    /// Why the workers are replaced; nil if they may make the change in place.
    package var replacementReason: String?
    /// When the cause of the step began (a scan, a retry, a call of the program), in milliseconds of the monotonic
    /// clock.
    package let begun: Int

    package init(
        group: String?, applications: [DeployedApplication], removed: [UInt32], replacementReason: String? = nil,
        begun: Int
    ) {
        self.group = group
        self.applications = applications
        self.removed = removed
        self.replacementReason = replacementReason
        self.begun = begun
    }

    package var numbers: [UInt32] { self.applications.map(\.number) }

    /// The steps of a change, in order: a group gets an application before requests are relayed to it, and loses it
    /// after they no longer are.
    package static func steps(of change: RosterChange, from old: Roster, to new: Roster, begun: Int) -> [MountStep] {
        func step(_ group: String?, adds: Bool, removes: Bool) -> MountStep? {
            let isOf = { (number: UInt32, roster: Roster) in roster[number].map { $0.group == group } ?? false }
            // The workers that accept connections relay to every application, whatever its generation.
            let isAll = group == nil
            let view = new.view(of: group)
            let added = adds ? change.added.filter { isAll || isOf($0, new) } : []
            // They also check the origins of WebSockets, serve files, and run middleware, for the applications of all
            // groups.
            let isSeen = { (number: UInt32) in
                let (before, after) = (old[number], new[number])
                return isAll
                    && (before?.origins != after?.origins || before?.statics != after?.statics
                        || before?.middleware != after?.middleware)
            }
            let renewed = adds ? change.renewed.filter { isOf($0, new) || isSeen($0) } : []
            let removed = removes ? change.removed.filter { isAll || isOf($0, old) } : []
            guard !added.isEmpty || !removed.isEmpty || !renewed.isEmpty else { return nil }
            return MountStep(
                group: group, applications: (added + renewed).compactMap { view[$0] }, removed: removed, begun: begun)
        }
        let first = new.groups.sorted().compactMap { step($0, adds: true, removes: false) }
        let last = old.groups.sorted().compactMap { step($0, adds: false, removes: true) }
        return first + [step(nil, adds: true, removes: true)].compactMap { $0 } + last
    }
}
