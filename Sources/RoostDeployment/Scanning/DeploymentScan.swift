package import RoostSystem

extension Deployment {
    /// The result of a scan of the files.
    package struct Scan: Sendable {
        /// The applications of the command line and of the settings.
        package var entries: [DeclaredApplication]
        /// The prepared applications of drop-in folders, by the states of their files.
        var droppedIn: [DropInFolder.Module: DeclaredApplication] = [:]
        /// The applications of drop-in folders that could not be prepared.
        var faulty: [DeclaredApplication] = []
        /// The listings of the drop-in folders, from before any of their files was read.
        package var listings: [DropInFolder.Listing] = []
        /// The states of the files, from before they were read.
        package var seen = FileMarks()

        init(entries: [DeclaredApplication] = []) { self.entries = entries }

        /// All applications.
        package var declared: [DeclaredApplication] {
            self.entries + self.droppedIn.values.sorted { $0.place < $1.place } + self.faulty
        }
    }
}

extension Deployment.Scan {
    /// This scan with the entries of these keys, and the drop-in folders, taken from a newer scan.
    func replacing(_ keys: Set<String>, from newer: Deployment.Scan) -> Deployment.Scan {
        var scan = newer
        scan.entries = self.entries.filter { !keys.contains($0.key) } + newer.entries.filter { keys.contains($0.key) }
        scan.seen.merge(self.seen)
        return scan
    }

    /// The keys of drop-in applications whose files were written since another scan.
    func touched(since last: Deployment.Scan) -> [String] {
        let before = Set(last.droppedIn.keys.map(\.path))
        return self.droppedIn.filter { last.droppedIn[$0.key] == nil && before.contains($0.key.path) }
            .map(\.value.key).sorted()
    }

    /// The drop-in application of this file.
    func droppedIn(from path: String) -> DeclaredApplication? {
        (Array(self.droppedIn.values) + self.faulty).first { $0.place == path }
    }

    /// The same scan for a host without workers: applications that request a worker group are refused.
    package var withoutGroups: Deployment.Scan {
        var scan = self
        scan.entries = self.entries.map(\.withoutGroup)
        scan.faulty = self.faulty.map(\.withoutGroup)
        for (found, declared) in self.droppedIn where declared.group != nil {
            scan.droppedIn[found] = nil
            scan.faulty.append(declared.withoutGroup)
        }
        return scan
    }

    /// Refuses applications whose wrapping applications are not found by their names, which modules may choose
    /// themselves.
    mutating func checkWrappers() {
        let declared = self.declared
        func fault(_ application: DeclaredApplication) -> HostError? {
            for wrapper in application.prepared?.wrappers ?? [] {
                let named = declared.filter { $0.name == wrapper }
                guard named.count != 1 else { continue }
                let found = named.isEmpty ? "no application" : "\(named.count) applications"
                return HostError(
                    code: .settings,
                    message:
                        "\(application.place): 'wrapped-by': \(found) with the name '\(wrapper)'; give one its own 'name'"
                )
            }
            return nil
        }
        for at in self.entries.indices {
            if let fault = fault(self.entries[at]) { self.entries[at] = self.entries[at].failing(fault) }
        }
        for (found, dropped) in self.droppedIn {
            guard let fault = fault(dropped) else { continue }
            self.droppedIn[found] = nil
            self.faulty.append(DeclaredApplication(found, fault, old: dropped))
        }
    }

    /// Checks that no two applications need different values of an environment variable. Throws `HostError` for a
    /// conflict between entries; a drop-in application with a conflict becomes faulty.
    mutating func checkVariables() throws {
        var taken: [String: PreparedApplication] = [:]
        for declared in self.entries { if let fault = Self.conflict(declared, &taken) { throw fault } }
        for (found, declared) in self.droppedIn.sorted(by: { $0.key.path < $1.key.path }) {
            guard let fault = Self.conflict(declared, &taken) else { continue }
            self.droppedIn[found] = nil
            self.faulty.append(DeclaredApplication(found, fault, old: declared))
        }
    }

    private static func conflict(
        _ declared: DeclaredApplication, _ taken: inout [String: PreparedApplication]
    ) -> HostError? {
        guard case .success(let application) = declared.preparation, let variable = application.variable else {
            return nil
        }
        let other = taken[variable.name, default: application]
        taken[variable.name] = other
        guard let value = other.variable?.value, value != variable.value else { return nil }
        return HostError(
            code: .settings,
            message:
                "\(application.place): '\(application.name)' needs \(variable.name)=\(variable.value), '\(other.name)' needs"
                + " \(variable.name)=\(value); a process has one environment, so give one of them its own worker group (worker: NAME)"
        )
    }
}

extension Deployment.Scan {
    /// The settings files that were read: those of the applications, and those beside drop-in libraries.
    package var settingsFiles: [String] {
        let own = self.declared.compactMap { $0.prepared?.settingsPath }
        return Set(own + self.droppedIn.keys.compactMap(\.settings)).sorted()
    }

    /// Environment variables to set, before its first thread, in a process that serves the applications.
    package var environment: [(name: String, value: String)] {
        self.declared.compactMap { $0.prepared?.variable }.map { ($0.name, $0.value) }
    }
}
