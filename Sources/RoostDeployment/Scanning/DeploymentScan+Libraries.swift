import RoostModules
import RoostSystem

/// Conflicts of private libraries in one process.
extension Deployment.Scan {
    /// Refuses an application if one of its libraries has the name of another library in its group: one process loads
    /// one library of a name. Applications that serve take precedence over new ones. `last`: the previous scan.
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
        // Keeps the order within a rank, which `sorted` need not do.
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
