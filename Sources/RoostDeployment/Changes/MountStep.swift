/// A part of a change: what it is in one group.
package struct MountStep {
    /// Nil: the workers that accept.
    package let group: String?
    /// As they are to be: those that are new, and those that are another generation.
    package var members: [Roster.Member]
    package let removed: [UInt32]
    /// Why only new workers will do; nil: it is for who performs it to find out.
    package var wantsNewWorkers: String?
    /// When it was begun, milliseconds of the monotonic clock.
    package let begun: Int

    package init(
        group: String?, members: [Roster.Member], removed: [UInt32], wantsNewWorkers: String? = nil, begun: Int
    ) {
        self.group = group
        self.members = members
        self.removed = removed
        self.wantsNewWorkers = wantsNewWorkers
        self.begun = begun
    }

    package var numbers: [UInt32] { self.members.map(\.number) }

    /// The parts of a change, in their order: who is to be asked is there before anybody asks, and as long as somebody does.
    package static func steps(of change: Roster.Change, from old: Roster, to new: Roster, begun: Int) -> [MountStep] {
        func step(_ group: String?, adds: Bool, removes: Bool) -> MountStep? {
            let isOf = { (number: UInt32, roster: Roster) in roster[number].map { $0.group == group } ?? false }
            // Those that accept have a way to every one, which stays when another generation is behind it.
            let isAll = group == nil
            let view = new.view(of: group)
            let added = adds ? change.added.filter { isAll || isOf($0, new) } : []
            // The origins of WebSockets are checked by those that accept, whoever has the application.
            let isSeen = { (number: UInt32) in
                isAll && old[number]?.application?.origins != new[number]?.application?.origins
            }
            let renewed = adds ? change.renewed.filter { isOf($0, new) || isSeen($0) } : []
            let removed = removes ? change.removed.filter { isAll || isOf($0, old) } : []
            guard !added.isEmpty || !removed.isEmpty || !renewed.isEmpty else { return nil }
            return MountStep(
                group: group, members: (added + renewed).compactMap { view[$0] }, removed: removed, begun: begun)
        }
        let first = new.groups.sorted().compactMap { step($0, adds: true, removes: false) }
        let last = old.groups.sorted().compactMap { step($0, adds: false, removes: true) }
        return first + [step(nil, adds: true, removes: true)].compactMap { $0 } + last
    }
}
