package import RoostModules
package import RoostSettings
package import RoostSystem

/// What is to be served, as the operator has declared it: looked at when a start begins, and again for a reload.
package struct Deployment: Sendable {
    /// On the command line, and in the settings.
    package var entries: [ApplicationEntry] = []
    /// Drop-in folders.
    package var folders: [String] = []
    /// How long a file must not have changed before it counts, milliseconds.
    package var quiet = 100
    package var preparation: ApplicationPreparation
    /// How the workers are to be that accept.
    package var workers = WorkerPlan()
    /// And those of the groups that something is said of; others are as the first, but one.
    package var groups: [String: WorkerPlan] = [:]
    /// What the operator is to be told of it.
    package var remark: String?

    /// What is wrong with it, as far as it can be seen without a look at the files; throws `HostError`.
    package func check() throws {
        for (at, entry) in self.entries.enumerated() {
            for other in self.entries[..<at] {
                guard let host = entry.mount.conflict(with: other.mount) else { continue }
                let path = entry.mount.path.isEmpty ? "/" : entry.mount.path
                throw HostError(
                    code: .settings,
                    message: "\(entry.place.isEmpty ? "the command line" : entry.place): \(path)"
                        + "\(host.isEmpty ? "" : " of \(host)") is mounted already"
                        + " (\(other.place.isEmpty ? "the command line's" : other.place)): give one another 'mount' or 'hosts'"
                )
            }
        }
    }

    package init(preparation: ApplicationPreparation) { self.preparation = preparation }

    /// Whether some workers are other users than this process.
    package var hasOtherUsers: Bool {
        ([self.workers] + self.groups.values).contains { $0.privileges.user != nil }
    }

    /// How the workers of a group are to be; nil: of those that accept.
    package func plan(of group: String?) -> WorkerPlan {
        guard let group else { return self.workers }
        if let plan = self.groups[group] { return plan }
        var plan = self.workers
        plan.workers = 1
        return plan
    }

    /// What was found.
    package struct Look: Sendable {
        /// Of what is declared.
        package var declared: [Candidate]
        /// Of what is in the drop-in folders; those that can be had, by what was seen of their files.
        var droppedIn: [DropInFolder.Module: Candidate] = [:]
        /// Those that cannot.
        package var faulty: [Candidate] = []
        /// The drop-in folders as they were listed before any of their files was read.
        package var listings: [DropInFolder.Listing] = []
        /// The states of the files before they were read.
        package var seen = FileMarks()

        package var candidates: [Candidate] {
            self.declared + self.droppedIn.values.sorted { $0.place < $1.place } + self.faulty
        }
    }

    /// Looks at everything: the files of all applications, and the drop-in folders. Throws `HostError` when the whole makes no sense; what
    /// is wrong with one application stands in its candidate.
    /// `known`: copies that need not be made again.
    package func look(run: RunDirectory, known: [PreparedApplication] = []) throws -> Look {
        let listings = self.folders.map(DropInFolder.look)
        // What the operator names must be there, at the start.
        if let fault = listings.compactMap(\.fault).first {
            throw HostError(code: .usage, message: "drop-in folder \(fault): make it, or name another with --modules")
        }
        return try self.look(at: listings, run: run, known: known)
    }

    /// The same, with what was seen in the drop-in folders. `last`: only they are looked at, and what has not changed in them is as it was
    /// then. `before`: what was found before all of this; a file that makes no sense now is still what it was there.
    package func look(
        at listings: [DropInFolder.Listing], since last: Look? = nil, before: Look? = nil, run: RunDirectory,
        known: [PreparedApplication] = []
    ) throws -> Look {
        var look = Look(declared: last?.declared ?? [])
        look.listings = listings
        look.seen = last?.seen ?? FileMarks()
        var mounts = last?.declared.compactMap { candidate in candidate.mount.map { ($0, candidate.place) } } ?? []
        if last == nil {
            try self.check()
            mounts = self.entries.map { ($0.mount, $0.place) }
        }
        var new: [(DropInFolder.Module?, ApplicationEntry)] = last == nil ? self.entries.map { (nil, $0) } : []
        for found in listings.flatMap(\.modules) {
            do {
                let kept = last?.droppedIn[found]
                let entry = kept == nil ? try found.entry(self.preparation.trust) : nil
                guard let mount = kept?.mount ?? entry?.mount else { continue }
                if let (_, place) = mounts.first(where: { mount.conflict(with: $0.0) != nil }) {
                    throw HostError(
                        code: .settings,
                        message:
                            "\(found.path): \(mount) is mounted already (\(place.isEmpty ? "the command line's" : place)):"
                            + " rename it, or give it another mount in \(found.name).yaml")
                }
                mounts.append((mount, found.path))
                look.droppedIn[found] = kept
                if let entry { new.append((found, entry)) }
            } catch {
                let fault = HostError(error, otherwise: .settings)
                let old = (last ?? before)?.droppedIn(from: found.path)
                if let mount = old?.mount { mounts.append((mount, found.path)) }
                look.faulty.append(Candidate(found, fault, old: old))
            }
        }
        let outcomes = self.preparation.prepare(new.map(\.1), run: run, known: known, seen: &look.seen)
        for ((found, entry), outcome) in zip(new, outcomes) {
            let candidate = Candidate(entry, outcome)
            if let found, case .success = outcome {
                look.droppedIn[found] = candidate
            } else if found != nil {
                look.faulty.append(candidate)
            } else {
                look.declared.append(candidate)
            }
        }
        try look.checkVariables()
        look.separateLibraries(since: last ?? before)
        return look
    }
}

extension Deployment.Look {
    /// This, but for the declared applications with these keys, which are as another look has found them; and with what that has found in the
    /// drop-in folders.
    package func taking(_ keys: Set<String>, of other: Deployment.Look) -> Deployment.Look {
        var look = other
        look.declared =
            self.declared.filter { !keys.contains($0.key) } + other.declared.filter { keys.contains($0.key) }
        look.seen.merge(self.seen)
        return look
    }

    /// The keys of drop-in files that have been written to since another look, and can be had.
    package func touched(since last: Deployment.Look) -> [String] {
        let before = Set(last.droppedIn.keys.map(\.path))
        return self.droppedIn.filter { last.droppedIn[$0.key] == nil && before.contains($0.key.path) }
            .map(\.value.key).sorted()
    }

    /// What was found of this file.
    fileprivate func droppedIn(from path: String) -> Candidate? {
        (Array(self.droppedIn.values) + self.faulty).first { $0.place == path }
    }

    /// An environment has one value of a variable. Throws `HostError` when what is declared wants two.
    fileprivate mutating func checkVariables() throws {
        var taken: [String: PreparedApplication] = [:]
        for candidate in self.declared { if let fault = Self.conflict(candidate, &taken) { throw fault } }
        for (found, candidate) in self.droppedIn.sorted(by: { $0.key.path < $1.key.path }) {
            guard let fault = Self.conflict(candidate, &taken) else { continue }
            self.droppedIn[found] = nil
            self.faulty.append(Candidate(found, fault, old: candidate))
        }
    }

    private static func conflict(_ candidate: Candidate, _ taken: inout [String: PreparedApplication]) -> HostError? {
        guard case .success(let application) = candidate.outcome, let variable = application.variable else {
            return nil
        }
        let other = taken[variable.name, default: application]
        taken[variable.name] = other
        guard let value = other.variable?.value, value != variable.value else { return nil }
        return HostError(
            code: .settings,
            message:
                "\(application.place): '\(application.name)' wants \(variable.name)=\(variable.value), '\(other.name)' wants"
                + " \(variable.name)=\(value): one process has one environment")
    }
}

extension Deployment.Look {
    /// What there is, for people.
    package var applications: [ServedApplication] { self.candidates.map { ServedApplication($0) } }

    /// The settings files that were read for the applications: their own, and those beside drop-in libraries.
    package var settingsFiles: [String] {
        let own = self.candidates.compactMap { try? $0.outcome.get().settingsPath }
        return Set(own + self.droppedIn.keys.compactMap(\.settings)).sorted()
    }

    /// Variables that have to be in the environment of a process that serves them, before its first thread.
    package var environment: [(name: String, value: String)] {
        self.candidates.compactMap { try? $0.outcome.get().variable }.map { ($0.name, $0.value) }
    }
}
