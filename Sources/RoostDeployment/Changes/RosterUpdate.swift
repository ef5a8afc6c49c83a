import RoostSystem

/// The effect of one scan's reloads on a roster. A value type without I/O.
struct RosterUpdate {
    private(set) var roster: Roster
    private(set) var change = RosterChange()
    /// The keys of the applications that the reloads concern; nil for all.
    private(set) var keys: Set<String>? = []
    /// Groups whose workers are replaced even if the change could be made in place; nil in the set stands for the
    /// workers that accept connections.
    private(set) var replacedGroups: Set<String?> = []
    /// Whether an operator requested one of the reloads.
    let isAsked: Bool
    /// Why some reloads are refused.
    private(set) var refusals: [String] = []
    /// Faults that are reported with the results.
    private(set) var faults: [String] = []

    init(_ found: ReloadQueue.Found, of roster: Roster) {
        self.roster = roster
        self.isAsked = found.reloads.contains(where: \.request.isAsked)
        for reload in found.reloads {
            self.replacedGroups.formUnion(reload.replacedGroups)
            self.faults += reload.faults
            do {
                try self.apply(reload.request, found.scan.declared)
            } catch { self.refusals.append(HostError(error).message) }
        }
    }

    private mutating func apply(_ request: ReloadRequest, _ declared: [DeclaredApplication]) throws {
        let named = try request.keys(among: self.roster.applications, declared)
        self.change.append(self.roster.update(to: declared, for: request, only: named))
        self.keys = named.flatMap { named in self.keys.map { $0.union(named) } }
        guard request.inNewWorkers else { return }
        guard let named else { return self.replacedGroups.formUnion([nil] + Array(self.roster.groups)) }
        self.replacedGroups.formUnion(self.roster.applications.filter { named.contains($0.key) }.map(\.group))
    }

    /// Whether there is nothing to act on.
    var isEmpty: Bool { self.keys == [] && self.replacedGroups.isEmpty }

    /// The faults to report to the caller, with application numbers: those of named applications, those of applications
    /// that served, and new faults.
    func reportedFaults(since old: Roster) -> [(UInt32, String)] {
        self.change.failed.compactMap { number in
            guard let application = self.roster[number], let fault = application.fault else { return nil }
            let before = old[number]
            let isReported = self.keys?.contains(application.key) ?? (before?.serves ?? true || before?.fault != fault)
            return isReported ? (number, fault) : nil
        }
    }

    /// Applications whose files were written with the same bytes.
    func unchanged(_ scan: Deployment.Scan, since last: Deployment.Scan) -> [DeployedApplication] {
        scan.touched(since: last).compactMap { key in
            self.roster.applications.first { $0.key == key && $0.fault == nil }
        }.filter { !(self.change.added + self.change.renewed).contains($0.number) }
    }
}
