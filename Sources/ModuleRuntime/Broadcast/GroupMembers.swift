import CASGI

/// The members of all groups on one loop. Loop-bound.
struct GroupMembers {
    private var groups: [GroupName: [asgi_id: Unmanaged<Scope>]] = [:]

    /// Adds a scope to a group. A scope leaves all groups before it is reused.
    mutating func join(_ scope: Scope, _ group: GroupName) {
        self.groups[group, default: [:]][scope.id] = Unmanaged.passUnretained(scope)
    }

    mutating func leave(_ id: asgi_id, _ group: GroupName) {
        self.groups[group]?[id] = nil
        if self.groups[group]?.isEmpty == true { self.groups[group] = nil }
    }

    /// Sends a message to every member of its group, except the one that it excludes.
    func send(_ broadcast: Broadcast) {
        guard let members = self.groups[broadcast.group] else { return }
        for (id, scope) in members where id != broadcast.except {
            scope._withUnsafeGuaranteedRef { $0.enqueue(broadcast.message) }
        }
    }
}
