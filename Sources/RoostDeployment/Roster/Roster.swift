import ModuleRuntime
import RoostSettings
import RoostSystem

/// All applications with their states: what the workers of one release are started with. A value type without I/O.
package struct Roster {
    package private(set) var applications: [DeployedApplication] = []
    /// Numbers are never reused.
    private var lastNumber: UInt32 = 0

    package init() {}

    package init(_ applications: [DeployedApplication]) {
        self.applications = applications
        self.lastNumber = applications.map(\.number).max() ?? 0
    }

    package subscript(number: UInt32) -> DeployedApplication? { self.applications.first { $0.number == number } }

    /// The applications with these numbers, in the order of the numbers.
    package func applications(_ numbers: some Sequence<UInt32>) -> [DeployedApplication] {
        numbers.sorted().compactMap { self[$0] }
    }

    /// Every generation that a worker of this roster, or of one that it is rolled back to, may load.
    package var generations: [PreparedApplication] {
        self.applications.flatMap { [$0.prepared, $0.previous].compactMap { $0 } }
    }

    package var groups: Set<String> { Set(self.applications.compactMap(\.group)) }

    /// The applications in the workers of a group. The workers that accept connections (nil) have all applications, and
    /// relay those of groups.
    package func view(of group: String?) -> Roster {
        var view = self
        if let group {
            view.applications = self.applications.filter { $0.group == group }
        } else {
            for at in view.applications.indices {
                view.applications[at].isRelayed = view.applications[at].group != nil
            }
        }
        return view
    }

    /// The same applications, with their states in the groups that run them.
    package func updated(by rosters: [String?: Roster]) -> Roster {
        var updated = self
        for at in self.applications.indices {
            let application = self.applications[at]
            if let state = rosters[application.group]?[application.number] { updated.applications[at] = state }
        }
        return updated
    }

    /// This roster with these applications added, or replaced by number, and without the removed ones.
    package func replacing(_ applications: [DeployedApplication], removing numbers: some Sequence<UInt32>) -> Roster {
        var roster = self
        roster.remove(numbers)
        for application in applications {
            if let at = roster.index(of: application.number) {
                roster.applications[at] = application
            } else {
                roster.applications.append(application)
            }
        }
        roster.lastNumber = max(roster.lastNumber, applications.map(\.number).max() ?? 0)
        return roster
    }

    private mutating func remove(_ numbers: some Sequence<UInt32>) {
        let numbers = Set(numbers)
        self.applications.removeAll { numbers.contains($0.number) }
    }

    private func index(of number: UInt32) -> Int? { self.applications.firstIndex { $0.number == number } }

    // MARK: Scans

    /// Applies the current declarations. An application that could not be prepared keeps its generation. `keys`: the
    /// applications to update; nil for all.
    package mutating func update(
        to declared: [DeclaredApplication], for request: ReloadRequest = ReloadRequest(), only keys: Set<String>? = nil
    ) -> RosterChange {
        var change = RosterChange()
        let present = Set(declared.map(\.key))
        let isMeant = { (key: String) in keys?.contains(key) ?? true }
        change.removed = self.applications.filter { isMeant($0.key) && !present.contains($0.key) }.map(\.number)
        self.remove(change.removed)
        for declared in declared where isMeant(declared.key) {
            if let at = self.applications.firstIndex(where: { $0.key == declared.key }) {
                self.renew(at, declared, request, &change)
            } else {
                self.lastNumber += 1
                let application = DeployedApplication(number: self.lastNumber, declared)
                if let fault = application.fault {
                    change.failed.append(application.number)
                    if declared.isRequired { change.refusals.append(fault) }
                }
                self.applications.append(application)
                change.added.append(application.number)
            }
        }
        return change
    }

    private mutating func renew(
        _ at: Int, _ declared: DeclaredApplication, _ request: ReloadRequest, _ change: inout RosterChange
    ) {
        var application = self.applications[at]
        defer { self.applications[at] = application }
        let new: PreparedApplication
        switch declared.preparation {
        case .failure(let error):
            application.fault = error.message
            return change.failed.append(application.number)
        case .success(let prepared): new = prepared
        }
        // A failed generation is tried again only on request.
        guard request.isAsked || application.refused?.isSame(as: new) != true else { return }
        let old = application.prepared
        let isOther = old?.hash != new.hash || old?.symbol != new.symbol
        // An unchanged generation is tried again only if it did not start, or on request if it is quarantined.
        let isOut = application.isFailing || (application.isQuarantined && request.isAsked)
        guard request.isForced || isOut || old?.isSame(as: new) != true else {
            if !application.isQuarantined { application.fault = nil }
            application.refused = nil
            return
        }
        if isOther, let old, application.serves { application.previous = old }
        application.name = new.name
        application.prepared = new
        application.origins = new.origins
        application.statics = new.statics
        application.middleware = new.middleware
        application.refused = nil
        application.isFailing = false
        if isOther || request.isAsked { application.isQuarantined = false }
        if !application.isQuarantined { application.fault = nil }
        change.renewed.append(application.number)
    }

    // MARK: Results

    /// Copies the faults of another roster, except those of these applications.
    mutating func copyFaults(of other: Roster, except numbers: Set<UInt32>) {
        for at in self.applications.indices where !numbers.contains(self.applications[at].number) {
            if let noted = other[self.applications[at].number] { self.applications[at].fault = noted.fault }
        }
    }

    /// Sets which applications must start in the next release: if `mustStart`, all that serve; otherwise a required
    /// application, if it is the only one.
    mutating func setMustStart(_ mustStart: Bool) {
        for at in self.applications.indices {
            self.applications[at].mustStart =
                mustStart
                ? self.applications[at].serves : self.applications[at].isRequired && self.applications.count == 1
        }
    }

    /// Quarantines the generation with this hash, which has crashed too often. Its applications go back to their
    /// previous generation, or the host answers for them. Relayed applications stay as they are: the workers that crashed
    /// have not loaded them. Returns the quarantined applications.
    mutating func quarantine(
        _ hash: String, _ reason: String, unless isQuarantined: (String) -> Bool
    ) -> [DeployedApplication] {
        var touched: [DeployedApplication] = []
        for at in self.applications.indices
        where self.applications[at].prepared?.hash == hash && !self.applications[at].isRelayed {
            if var previous = self.applications[at].previous, previous.hash != hash, !isQuarantined(previous.hash) {
                // Only the code and its settings go back: what the operator declares for the mount, such as an
                // application that protects it, stays in force.
                previous.wrappers = self.applications[at].wrappers
                self.applications[at].refused = self.applications[at].prepared
                self.applications[at].prepared = previous
                self.applications[at].name = previous.name
            } else {
                self.applications[at].isQuarantined = true
            }
            self.applications[at].fault = reason
            self.applications[at].previous = nil
            touched.append(self.applications[at])
        }
        return touched
    }

    /// Marks an application as not started: the host answers for it until it is tried again. Returns false if the fault
    /// is known already.
    mutating func fail(_ number: UInt32, _ reason: String) -> Bool {
        guard let at = self.index(of: number) else { return false }
        defer {
            self.applications[at].fault = reason
            self.applications[at].isFailing = true
        }
        return self.applications[at].fault != reason
    }

    /// Has applications that did not start tried again. Returns their numbers.
    mutating func retryAll() -> [UInt32] {
        let failing = self.applications.indices.filter {
            self.applications[$0].isFailing && self.applications[$0].prepared != nil
        }
        for at in failing { self.applications[at].isFailing = false }
        return failing.map { self.applications[$0].number }
    }

    /// Takes an application from another roster, since its new generation did not start. It fails if it did not serve
    /// there.
    mutating func restore(_ number: UInt32, from other: Roster, because reason: String) {
        guard let at = self.index(of: number) else { return }
        guard var old = other[number], old.serves else {
            self.applications[at].isFailing = true
            self.applications[at].fault = reason
            return
        }
        old.fault = reason
        old.refused = self.applications[at].prepared
        self.applications[at] = old
    }

    /// Keeps an application as it is here, since its generation in `tried` does not serve. A new application fails.
    mutating func refuse(_ number: UInt32, of tried: Roster, because reason: String) {
        guard var application = self[number] ?? tried[number] else { return }
        if self[number] == nil { application.isFailing = true }
        if let prepared = tried[number]?.prepared, application.prepared?.isSame(as: prepared) == false {
            application.refused = prepared
        }
        application.fault = reason
        self = self.replacing([application], removing: [])
    }

    /// Takes these applications from another roster, since a newer change replaces theirs.
    mutating func withdraw(_ numbers: Set<UInt32>, from other: Roster) {
        self.applications = self.applications.compactMap { numbers.contains($0.number) ? other[$0.number] : $0 }
    }
}
