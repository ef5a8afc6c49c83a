import RoostModules
import RoostSystem

/// Applications of one process whose private libraries the loader cannot tell apart.
extension Deployment.Scan {
    /// Refuses every application that brings a library under a name which another one of its group has for another library: one process loads
    /// one library of a name. Those that serve go before those that are new. `last`: the scan before.
    mutating func separateLibraries(since last: Deployment.Scan?) {
        let before = Dictionary(
            (last?.declared ?? []).compactMap { declared in declared.prepared.map { (declared.key, $0.staged.path) } },
            uniquingKeysWith: { $1 })
        func rank(_ declared: DeclaredApplication, _ application: PreparedApplication) -> Int {
            guard let path = before[declared.key] else { return declared.isRequired ? 2 : 3 }
            return path == application.staged.path ? 0 : 1
        }
        let all = self.declared.compactMap { declared in
            declared.prepared.map { (declared, $0, rank(declared, $0)) }
        }
        var groups: [String?: PrivateNames] = [:]
        // In their order, since `sorted` need not keep it.
        for wanted in 0...3 {
            for (declared, application, rank) in all where rank == wanted {
                let names = groups[declared.group, default: PrivateNames()]
                if let conflict = names.conflict(of: application) {
                    self.refuse(declared, application, conflict)
                } else {
                    groups[declared.group, default: PrivateNames()].add(application)
                }
            }
        }
    }

    private mutating func refuse(
        _ declared: DeclaredApplication, _ application: PreparedApplication, _ conflict: PrivateNames.Conflict
    ) {
        let refused = declared.failing(
            HostError(
                code: .module,
                message:
                    "\(application.path): '\(application.name)' cannot be loaded beside '\(conflict.owner)': \(conflict.path)"
                    + " and \(conflict.other) have the same name \(conflict.name) (SONAME or file name) and different contents, but a process"
                    + " loads only one library of a name; give one application its own worker group (worker: NAME in its entry)"
            ))
        for at in self.entries.indices where self.entries[at].key == declared.key { self.entries[at] = refused }
        for (found, other) in self.droppedIn where other.key == declared.key {
            self.droppedIn[found] = nil
            self.faulty.append(refused)
        }
    }
}
