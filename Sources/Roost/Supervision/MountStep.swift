/// A part of a change: what it is in one group.
struct MountStep {
    /// Nil: the workers that accept.
    let group: String?
    let roster: Roster
    let added: [UInt32]
    let removed: [UInt32]
    /// Another file, or another environment: its workers are replaced.
    let isRenewed: Bool

    /// The parts of a change, in their order: who is to be asked is there before anybody asks, and as long as somebody does.
    static func steps(of change: Roster.Change, from old: Roster, to new: Roster) -> [MountStep] {
        func step(_ group: String?, adds: Bool, removes: Bool) -> MountStep? {
            let isOf = { (number: UInt32, roster: Roster) in roster[number].map { $0.group == group } ?? false }
            // Those that accept have a way to every one.
            let isAll = group == nil
            let added = adds ? change.added.filter { isAll || isOf($0, new) } : []
            let removed = removes ? change.removed.filter { isAll || isOf($0, old) } : []
            let isRenewed = adds && change.renewed.contains { isOf($0, new) }
            guard !added.isEmpty || !removed.isEmpty || isRenewed else { return nil }
            return MountStep(
                group: group, roster: new.view(of: group), added: added, removed: removed, isRenewed: isRenewed)
        }
        let first = new.groups.sorted().compactMap { step($0, adds: true, removes: false) }
        let last = old.groups.sorted().compactMap { step($0, adds: false, removes: true) }
        return first + [step(nil, adds: true, removes: true)].compactMap { $0 } + last
    }
}
