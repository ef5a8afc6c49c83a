import ModuleRuntime
package import RoostSettings
import RoostSystem

/// Which applications there are, and how they are: what workers of one release are started with. A value without I/O.
package struct Roster {
    package struct Member {
        /// The same for whatever takes its place.
        package let number: UInt32
        package let key: String
        package var name: String
        package let place: String
        /// Nil: nobody knows where it belongs.
        package let mount: Mount?
        package let isRequired: Bool
        /// The group whose workers have it; nil: those that accept.
        package let group: String?
        /// It is asked of that group's workers.
        package var isRelayed = false
        /// What is to serve; nil: it never could.
        package var application: PreparedApplication?
        /// What served before, while it can be gone back to.
        package var previous: PreparedApplication?
        /// Why it does not serve, or why what is on disk does not.
        package var fault: String?
        package var isQuarantined = false
        /// It did not start, and nothing was before: it is tried again, later and later.
        package var isFailing = false
        /// What was to take its place, and did not serve: it is not tried again before somebody asks for it.
        package var refused: PreparedApplication?
        /// A release in which it does not start is none.
        var mustStart = false

        /// Whether it is there.
        package var serves: Bool { self.application != nil && !self.isQuarantined && !self.isFailing }
    }

    package private(set) var members: [Member] = []
    /// Numbers are given once.
    private var lastNumber: UInt32 = 0

    package init() {}

    /// For workers.
    package var installed: [InstalledApplication] { self.members.compactMap { self.installed($0) } }

    package func installed(_ number: UInt32) -> InstalledApplication? { self[number].flatMap { self.installed($0) } }

    /// What answers for one that did not start, where nothing was before.
    package func installed(_ number: UInt32, ifNew old: Roster) -> InstalledApplication? {
        old[number] == nil ? self.installed(number) : nil
    }

    private func installed(_ member: Member) -> InstalledApplication? {
        guard let mount = member.mount else { return nil }
        var installed = InstalledApplication(
            number: member.number, name: member.name, mount: mount, work: .standIn(.notStarted))
        installed.isOptional = !member.mustStart
        installed.origins = member.application?.origins
        if let group = member.group, member.isRelayed {
            installed.isOptional = true
            installed.work = .group(group)
        } else if member.isQuarantined {
            installed.work = .standIn(.quarantined)
        } else if let application = member.application, !member.isFailing {
            installed.name = application.name
            installed.work = .module(application)
        }
        return installed
    }

    package subscript(number: UInt32) -> Member? { self.members.first { $0.number == number } }

    /// Every copy that a worker of this roster, or of what it goes back to, may load.
    package var applications: [PreparedApplication] {
        self.members.flatMap { [$0.application, $0.previous].compactMap { $0 } }
    }

    /// What the workers of a group have of it (nil: those that accept, which relay what is others').
    package func view(of group: String?) -> Roster {
        var view = self
        if let group {
            view.members = self.members.filter { $0.group == group }
        } else {
            for at in view.members.indices { view.members[at].isRelayed = view.members[at].group != nil }
        }
        return view
    }

    /// The same, with what has become of them in the workers that have them.
    package func updated(by rosters: [String?: Roster]) -> Roster {
        var updated = self
        for at in self.members.indices {
            if let member = rosters[self.members[at].group]?[self.members[at].number] { updated.members[at] = member }
        }
        return updated
    }

    /// The groups that have some.
    package var groups: Set<String> { Set(self.members.compactMap(\.group)) }

    // MARK: What is wanted

    /// What a look at the files has changed.
    package struct Change {
        /// Numbers of those that are new.
        package var added: [UInt32] = []
        package var removed: [UInt32] = []
        /// Of those that are to be another generation: of another file, with other settings, or loaded anew.
        package var renewed: [UInt32] = []
        /// Of those that could not be had: they keep what they had.
        package var failed: [UInt32] = []
        /// Why a start makes no sense.
        package var refusals: [String] = []

        package init(added: [UInt32] = [], removed: [UInt32] = []) {
            self.added = added
            self.removed = removed
        }

        package var isEmpty: Bool { self.added.isEmpty && self.removed.isEmpty && self.renewed.isEmpty }

        /// What comes after this.
        package mutating func follow(with next: Change) {
            self.removed += next.removed
            self.added = (self.added + next.added).filter { !self.removed.contains($0) }
            let renewed = Set(self.renewed + next.renewed).subtracting(self.added + self.removed)
            self.renewed = renewed.sorted()
            self.failed = Set(self.failed + next.failed).sorted()
            self.refusals += next.refusals
        }
    }

    /// Takes what is wanted now. Those that cannot be had keep what they had before. `keys`: only these are looked at; nil: all.
    package mutating func want(
        _ candidates: [Candidate], for request: ReloadRequest = ReloadRequest(), only keys: Set<String>? = nil
    ) -> Change {
        var change = Change()
        let there = Set(candidates.map(\.key))
        let isMeant = { (key: String) in keys?.contains(key) ?? true }
        change.removed = self.members.filter { isMeant($0.key) && !there.contains($0.key) }.map(\.number)
        self.members.removeAll { change.removed.contains($0.number) }
        for candidate in candidates where isMeant(candidate.key) {
            if let at = self.members.firstIndex(where: { $0.key == candidate.key }) {
                self.renew(at, candidate, request, &change)
            } else {
                self.lastNumber += 1
                var member = Member(
                    number: self.lastNumber, key: candidate.key, name: candidate.name, place: candidate.place,
                    mount: candidate.mount, isRequired: candidate.isRequired, group: candidate.group)
                member.mustStart = candidate.isRequired
                switch candidate.outcome {
                case .success(let application): member.application = application
                case .failure(let error):
                    member.fault = error.message
                    change.failed.append(member.number)
                    if candidate.isRequired { change.refusals.append(error.message) }
                }
                self.members.append(member)
                change.added.append(member.number)
            }
        }
        return change
    }

    private mutating func renew(
        _ at: Int, _ candidate: Candidate, _ request: ReloadRequest, _ change: inout Change
    ) {
        var member = self.members[at]
        defer { self.members[at] = member }
        let application: PreparedApplication
        switch candidate.outcome {
        case .failure(let error):
            member.fault = error.message
            return change.failed.append(member.number)
        case .success(let candidate): application = candidate
        }
        // What has failed is not tried again by itself.
        guard request.isAsked || member.refused?.isSame(as: application) != true else { return }
        let old = member.application
        let isOther = old?.hash != application.hash || old?.symbol != application.symbol
        // The same again is tried again only where that may help: it is not what had crashed.
        let isOut = member.isFailing || (member.isQuarantined && request.isAsked)
        guard request.isForced || isOut || old?.isSame(as: application) != true else {
            if !member.isQuarantined { member.fault = nil }
            member.refused = nil
            return
        }
        if isOther, let old, member.serves { member.previous = old }
        member.name = application.name
        member.application = application
        member.refused = nil
        member.isFailing = false
        if isOther || request.isAsked { member.isQuarantined = false }
        if !member.isQuarantined { member.fault = nil }
        change.renewed.append(member.number)
    }

    /// These are as they are to be, and those are gone.
    package func taking(_ members: [Member], removing numbers: [UInt32]) -> Roster {
        var roster = self
        roster.members.removeAll { numbers.contains($0.number) }
        for member in members {
            if let at = roster.members.firstIndex(where: { $0.number == member.number }) {
                roster.members[at] = member
            } else {
                roster.members.append(member)
            }
        }
        roster.lastNumber = max(roster.lastNumber, members.map(\.number).max() ?? 0)
        return roster
    }

    /// What is known of the others' faults, besides these.
    package mutating func note(_ other: Roster, but numbers: Set<UInt32>) {
        for at in self.members.indices where !numbers.contains(self.members[at].number) {
            if let noted = other[self.members[at].number] { self.members[at].fault = noted.fault }
        }
    }

    // MARK: What happens

    /// Those that serve have to start in the release that follows; or (`false`) only those that a start makes no sense without.
    package mutating func insist(_ insists: Bool) {
        for at in self.members.indices {
            self.members[at].mustStart =
                insists ? self.members[at].serves : self.members[at].isRequired && self.members.count == 1
        }
    }

    /// What has this hash has crashed too often. Says who is answered for in its place, or served by what was before.
    package mutating func quarantine(
        _ hash: String, _ reason: String, unless isQuarantined: (String) -> Bool
    ) -> [Member] {
        var touched: [Member] = []
        for at in self.members.indices where self.members[at].application?.hash == hash {
            if let previous = self.members[at].previous, previous.hash != hash, !isQuarantined(previous.hash) {
                self.members[at].refused = self.members[at].application
                self.members[at].application = previous
                self.members[at].fault = reason
            } else {
                self.members[at].isQuarantined = true
                self.members[at].fault = reason
            }
            self.members[at].previous = nil
            touched.append(self.members[at])
        }
        return touched
    }

    /// It did not start. False: that is known.
    package mutating func fail(_ number: UInt32, _ reason: String) -> Bool {
        guard let at = self.members.firstIndex(where: { $0.number == number }) else { return false }
        defer { self.members[at].fault = reason }
        return self.members[at].fault != reason
    }

    /// It is answered for, until it is tried again.
    package mutating func giveUp(_ number: UInt32) {
        guard let at = self.members.firstIndex(where: { $0.number == number }) else { return }
        self.members[at].isFailing = true
    }

    /// Those that did not start are tried again. Says which.
    package mutating func retryAll() -> [UInt32] {
        self.members.indices.filter { self.members[$0].isFailing && self.members[$0].application != nil }.map { at in
            self.members[at].isFailing = false
            return self.members[at].number
        }
    }

    /// What was to be did not start: it is as it was in another roster.
    package mutating func restore(_ number: UInt32, from other: Roster, because reason: String) {
        guard let at = self.members.firstIndex(where: { $0.number == number }) else { return }
        guard var old = other[number], old.serves else {
            self.members[at].isFailing = true
            self.members[at].fault = reason
            return
        }
        old.fault = reason
        old.refused = self.members[at].application
        self.members[at] = old
    }

    /// What another roster has of it does not serve: it is as it is here, or, when it was never here, answered for.
    package mutating func refuse(_ number: UInt32, of tried: Roster, because reason: String) {
        guard var member = self[number] ?? tried[number] else { return }
        if self[number] == nil { member.isFailing = true }
        if let application = tried[number]?.application, member.application?.isSame(as: application) == false {
            member.refused = application
        }
        member.fault = reason
        self = self.taking([member], removing: [])
    }

    /// Something newer has come: these are as they were.
    package mutating func withdraw(_ numbers: Set<UInt32>, from other: Roster) {
        self.members = self.members.compactMap { numbers.contains($0.number) ? other[$0.number] : $0 }
    }
}

extension Roster.Member {
    /// What logs say of it.
    package var complaint: String? {
        self.fault.map { "\(self.name) \(self.serves ? "goes on as it was" : "does not serve"): \($0)" }
    }
}
