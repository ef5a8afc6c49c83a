package import RoostModules
package import RoostSettings
import RoostSystem

/// The operator's declarations: the applications, the drop-in folders and the workers. Scanned at the start and for
/// every reload.
package struct Deployment: Sendable {
    /// The applications of the command line and of the settings.
    package var entries: [ApplicationEntry] = []
    /// The paths of the drop-in folders.
    package var folders: [String] = []
    /// Debounce time: how long a file must be unchanged before its change is acted on, in milliseconds.
    package var quiet = Self.defaultQuiet
    package static let defaultQuiet = 100
    /// The debounce time of sources, in milliseconds.
    package static let defaultSourceQuiet = 50
    package var preparation: ApplicationPreparation
    /// The files of the server's certificates; nil without TLS.
    package var tls: TLSFiles?
    /// The workers that accept connections.
    package var workers: WorkerPlan
    /// The plans of groups with settings of their own. Other groups have one worker, planned like those that accept
    /// connections.
    package var groups: [String: WorkerPlan] = [:]
    /// The changed options of the server that take effect after a restart only; nil if there are none.
    package var restartSettings: String?

    /// Throws `HostError` if two entries have conflicting mounts, or an entry names an application that cannot wrap it.
    /// Reads no files.
    package func check() throws {
        try self.checkMounts()
        for entry in self.entries { try self.checkWrappers(of: entry) }
    }

    /// Throws `HostError` if an application names one that cannot wrap it: only one of `entries` with the key `name`, in
    /// the same worker group, can.
    func checkWrappers(of entry: ApplicationEntry) throws {
        guard !entry.wrappers.isEmpty else { return }
        // Several Python applications get groups of their own.
        let entries = self.preparation.withGroups(self.entries)
        let group = entries.first { $0.place == entry.place && $0.mount == entry.mount }?.group ?? entry.group
        for wrapper in entry.wrappers {
            let place = "\(entry.place): 'wrapped-by'"
            let named = entries.filter { $0.name == wrapper }
            guard let found = named.first else {
                let near = NearestName.to(wrapper, among: entries.compactMap(\.name))
                let hint =
                    near.isEmpty
                    ? "declare it in 'applications', with the key 'name'"
                    : "did you mean '\(near.joined(separator: "' or '"))'?"
                throw HostError(
                    code: .settings, message: "\(place): no application has the name '\(wrapper)'; \(hint)")
            }
            guard named.count == 1 else {
                throw HostError(
                    code: .settings,
                    message: "\(place): '\(wrapper)' is the name of \(named.count) applications (\(named[0].place),"
                        + " \(named[1].place)); change the 'name' of one of them")
            }
            guard found.wrappers.isEmpty else {
                throw HostError(
                    code: .settings,
                    message:
                        "\(place): '\(wrapper)' is wrapped itself (\(found.place)); list all that wrap this application,"
                        + " the outermost first")
            }
            guard found.group == group else {
                throw HostError(
                    code: .settings,
                    message: "\(place): '\(wrapper)' (\(found.place)) runs in other worker processes; set the same"
                        + " 'worker' for both")
            }
        }
    }

    private func checkMounts() throws {
        for (at, entry) in self.entries.enumerated() {
            for other in self.entries[..<at] {
                guard let host = entry.mount.conflict(with: other.mount) else { continue }
                let path = entry.mount.path.isEmpty ? "/" : entry.mount.path
                throw HostError(
                    code: .settings,
                    message: "\(entry.place.isEmpty ? "the command line" : entry.place): \(path)"
                        + "\(host.isEmpty ? "" : " of \(host)") is already mounted"
                        + " (\(other.place.isEmpty ? "the command line's" : other.place)); change 'mount' or 'hosts' of one of them"
                )
            }
        }
    }

    package init(preparation: ApplicationPreparation, workers: WorkerPlan) {
        self.preparation = preparation
        self.workers = workers
    }

    /// Whether some workers run as another user than this process.
    package var hasOtherUsers: Bool {
        ([self.workers] + self.groups.values).contains { $0.privileges.user != nil }
    }

    /// The folder of the sources of Python applications; nil if there are none.
    package var pythonFolder: String? {
        self.entries.contains { self.preparation.isPython($0.module) } ? self.preparation.folder : nil
    }

    /// The names and groups of the applications that were given a worker group, since their entries name none.
    package func groupsOfTheirOwn(_ scan: Scan) -> [(name: String, group: String)] {
        zip(self.entries, scan.entries).compactMap { entry, declared in
            entry.group == nil ? declared.group.map { (declared.name, $0) } : nil
        }
    }

    /// The plan of a group; nil for the workers that accept connections.
    package func plan(of group: String?) -> WorkerPlan {
        guard let group else { return self.workers }
        if let plan = self.groups[group] { return plan }
        var plan = self.workers
        plan.workers = 1
        return plan
    }

    /// Scans the files of all applications, and the drop-in folders. Throws `HostError` if the declarations conflict; a
    /// fault of one application is part of its outcome. `known`: generations whose copies need not be made again.
    package func scan(run: RunDirectory, known: [PreparedApplication] = []) throws -> Scan {
        let listings = self.folders.map(DropInFolder.list)
        // A drop-in folder that the operator names must exist at the start.
        if let fault = listings.compactMap(\.fault).first {
            throw HostError(code: .usage, message: "drop-in folder \(fault); create it, or name another with --modules")
        }
        return try self.scan(listings, run: run, known: known)
    }

    /// The same, with these listings of the drop-in folders. `last`: only the drop-in folders are scanned, and
    /// unchanged files keep their outcomes of that scan. `before`: an earlier scan; a file that is invalid now keeps
    /// the mount and the key of the application that it declared there.
    package func scan(
        _ listings: [DropInFolder.Listing], since last: Scan? = nil, before: Scan? = nil, run: RunDirectory,
        known: [PreparedApplication] = []
    ) throws -> Scan {
        var scan = Scan(entries: last?.entries ?? [])
        scan.listings = listings
        scan.seen = last?.seen ?? FileMarks()
        var mounts = last?.entries.compactMap { declared in declared.mount.map { ($0, declared.place) } } ?? []
        if last == nil {
            try self.check()
            mounts = self.entries.map { ($0.mount, $0.place) }
        }
        var new: [(DropInFolder.Module?, ApplicationEntry)] =
            last == nil ? self.preparation.withGroups(self.entries).map { (nil, $0) } : []
        for found in listings.flatMap(\.modules) {
            do {
                let kept = last?.droppedIn[found]
                let entry = kept == nil ? try found.entry(self.preparation.trust) : nil
                guard let mount = kept?.mount ?? entry?.mount else { continue }
                if let (_, place) = mounts.first(where: { mount.conflict(with: $0.0) != nil }) {
                    throw HostError(
                        code: .settings,
                        message:
                            "\(found.path): \(mount) is already mounted (\(place.isEmpty ? "by the command line" : place));"
                            + " rename the file, or set another mount in \(found.name).yaml")
                }
                mounts.append((mount, found.path))
                scan.droppedIn[found] = kept
                if let entry { new.append((found, entry)) }
            } catch {
                let fault = HostError(error, otherwise: .settings)
                let old = (last ?? before)?.droppedIn(from: found.path)
                if let mount = old?.mount { mounts.append((mount, found.path)) }
                scan.faulty.append(DeclaredApplication(found, fault, old: old))
            }
        }
        let outcomes = self.preparation.prepare(new.map(\.1), run: run, known: known, seen: &scan.seen)
        for ((found, entry), outcome) in zip(new, outcomes) {
            let declared = DeclaredApplication(entry, outcome)
            if let found, case .success = outcome {
                scan.droppedIn[found] = declared
            } else if found != nil {
                scan.faulty.append(declared)
            } else {
                scan.entries.append(declared)
            }
        }
        scan.checkWrappers()
        try scan.checkVariables()
        scan.separateLibraries(since: last ?? before)
        return scan
    }
}
