import HTTPServer

/// Which applications there are, and how they are: what workers of one release are started with. A value without I/O.
struct Roster {
    struct Member {
        /// The same for whatever takes its place.
        let number: UInt32
        let key: String
        var name: String
        let place: String
        /// Nil: nobody knows where it belongs.
        let mount: Mount?
        let isRequired: Bool
        /// The group whose workers have it; nil: those that accept.
        let group: String?
        /// It is asked of that group's workers.
        var isRelayed = false
        /// What is to serve; nil: it never could.
        var application: PreparedApplication?
        /// What served before, while it can be gone back to.
        var previous: PreparedApplication?
        /// Why it does not serve, or why what is on disk does not.
        var fault: String?
        var isQuarantined = false
        /// It did not start: it is tried again when there is something new.
        var isFailing = false
        /// A release in which it does not start is none.
        var mustStart = false

        /// Whether it is there.
        var serves: Bool { self.application != nil && !self.isQuarantined && !self.isFailing }
    }

    private(set) var members: [Member] = []
    /// Numbers are given once.
    private var lastNumber: UInt32 = 0

    init() {}

    /// For workers.
    var installed: [InstalledApplication] { self.members.compactMap { self.installed($0) } }

    func installed(_ number: UInt32) -> InstalledApplication? { self[number].flatMap { self.installed($0) } }

    /// What answers for one that did not start, where nothing was before.
    func installed(_ number: UInt32, ifNew old: Roster) -> InstalledApplication? {
        old[number] == nil ? self.installed(number) : nil
    }

    private func installed(_ member: Member) -> InstalledApplication? {
        guard let mount = member.mount else { return nil }
        var installed = InstalledApplication(
            number: member.number, name: member.name, mount: mount, work: .standIn(.notStarted))
        installed.isOptional = !member.mustStart
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

    subscript(number: UInt32) -> Member? { self.members.first { $0.number == number } }

    /// Every copy that a worker of this roster, or of what it goes back to, may load.
    var applications: [PreparedApplication] {
        self.members.flatMap { [$0.application, $0.previous].compactMap { $0 } }
    }

    /// What the workers of a group have of it (nil: those that accept, which relay what is others').
    func view(of group: String?) -> Roster {
        var view = self
        if let group {
            view.members = self.members.filter { $0.group == group }
        } else {
            for at in view.members.indices { view.members[at].isRelayed = view.members[at].group != nil }
        }
        return view
    }

    /// The same, with what has become of them in the workers that have them.
    func updated(by rosters: [String?: Roster]) -> Roster {
        var updated = self
        for at in self.members.indices {
            if let member = rosters[self.members[at].group]?[self.members[at].number] { updated.members[at] = member }
        }
        return updated
    }

    /// The groups that have some.
    var groups: Set<String> { Set(self.members.compactMap(\.group)) }

    // MARK: What is wanted

    /// What a look at the files has changed.
    struct Change {
        /// Numbers of those that are new, or have other settings: they can be mounted while workers run.
        var added: [UInt32] = []
        var removed: [UInt32] = []
        /// Others that need new workers: another file, another environment.
        var renewed: [UInt32] = []
        /// Why it makes no sense to go on: what serves could not be had any more, for a reason that is its own.
        var refusals: [String] = []

        var isEmpty: Bool { self.added.isEmpty && self.removed.isEmpty && self.renewed.isEmpty }
    }

    /// Takes what is wanted now. Those that cannot be had keep what they had before.
    mutating func want(_ candidates: [Candidate]) -> Change {
        var change = Change()
        let keys = Set(candidates.map(\.key))
        change.removed = self.members.filter { !keys.contains($0.key) }.map(\.number)
        self.members.removeAll { !keys.contains($0.key) }
        for candidate in candidates {
            if let at = self.members.firstIndex(where: { $0.key == candidate.key }) {
                self.renew(at, candidate, &change)
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
                    if candidate.isRequired { change.refusals.append(error.message) }
                }
                self.members.append(member)
                change.added.append(member.number)
            }
        }
        return change
    }

    private mutating func renew(_ at: Int, _ candidate: Candidate, _ change: inout Change) {
        switch candidate.outcome {
        case .failure(let error):
            self.members[at].fault = error.message
            if self.members[at].serves { change.refusals.append(error.message) }
        case .success(let application):
            self.members[at].name = application.name
            let old = self.members[at].application
            let isOther = old?.hash != application.hash || old?.symbol != application.symbol
            // The same again is tried again only where that may help: it is not what had crashed.
            guard isOther || self.members[at].isFailing || old?.isSame(as: application) != true else {
                self.members[at].fault = self.members[at].isQuarantined ? self.members[at].fault : nil
                return
            }
            if isOther, let old, self.members[at].serves { self.members[at].previous = old }
            self.members[at].application = application
            if isOther { self.members[at].isQuarantined = false }
            self.members[at].isFailing = false
            self.members[at].fault = self.members[at].isQuarantined ? self.members[at].fault : nil
            if (isOther && old != nil) || old?.variable != application.variable {
                change.renewed.append(self.members[at].number)
            } else {
                change.added.append(self.members[at].number)
            }
        }
    }

    // MARK: What happens

    /// Those that serve have to start in the release that follows; or (`false`) only those that a start makes no sense without.
    mutating func insist(_ insists: Bool) {
        for at in self.members.indices {
            self.members[at].mustStart =
                insists ? self.members[at].serves : self.members[at].isRequired && self.members.count == 1
        }
    }

    /// Somebody asked for them by name: they get another chance.
    mutating func pardonAll() {
        for at in self.members.indices where self.members[at].isQuarantined || self.members[at].isFailing {
            self.members[at].isQuarantined = false
            self.members[at].isFailing = false
            self.members[at].fault = nil
        }
    }

    /// What has this hash has crashed too often. Says who is answered for in its place, or served by what was before.
    mutating func quarantine(_ hash: String, _ reason: String, unless isQuarantined: (String) -> Bool) -> [Member] {
        var touched: [Member] = []
        for at in self.members.indices where self.members[at].application?.hash == hash {
            if let previous = self.members[at].previous, previous.hash != hash, !isQuarantined(previous.hash) {
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
    mutating func fail(_ number: UInt32, _ reason: String) -> Bool {
        guard let at = self.members.firstIndex(where: { $0.number == number }) else { return false }
        defer { self.members[at].fault = reason }
        return self.members[at].fault != reason
    }

    /// It is not started any more, until there is something new.
    mutating func giveUp(_ number: UInt32) {
        guard let at = self.members.firstIndex(where: { $0.number == number }) else { return }
        self.members[at].isFailing = true
    }

    /// Those that did not start are tried again. Says which.
    mutating func retryAll() -> [UInt32] {
        self.members.indices.filter { self.members[$0].isFailing && self.members[$0].application != nil }.map { at in
            self.members[at].isFailing = false
            return self.members[at].number
        }
    }

    /// It is as it was in another roster.
    mutating func restore(_ number: UInt32, from other: Roster, because reason: String) {
        guard let at = self.members.firstIndex(where: { $0.number == number }) else { return }
        guard let old = other[number] else {
            self.members[at].isFailing = true
            self.members[at].fault = reason
            return
        }
        self.members[at] = old
        self.members[at].fault = reason
    }
}
