import RoostModules
import RoostSystem

/// Applications of one process whose private libraries the loader cannot tell apart.
extension Deployment.Look {
    /// Refuses every application that brings a library under a name which another one of its group has for another library: one process loads
    /// one library of a name. Those that serve go before those that are new. `last`: the look before.
    mutating func separateLibraries(since last: Deployment.Look?) {
        let before = Dictionary(
            (last?.candidates ?? []).compactMap { candidate in
                (try? candidate.outcome.get()).map { (candidate.key, $0.staged.path) }
            }, uniquingKeysWith: { $1 })
        func rank(_ candidate: Candidate, _ application: PreparedApplication) -> Int {
            guard let path = before[candidate.key] else { return candidate.isRequired ? 2 : 3 }
            return path == application.staged.path ? 0 : 1
        }
        let all = self.candidates.compactMap { candidate in
            (try? candidate.outcome.get()).map { (candidate, $0, rank(candidate, $0)) }
        }
        var groups: [String?: PrivateNames] = [:]
        // In their order, since `sorted` need not keep it.
        for wanted in 0...3 {
            for (candidate, application, rank) in all where rank == wanted {
                let names = groups[candidate.group, default: PrivateNames()]
                if let conflict = names.conflict(of: application) {
                    self.refuse(candidate, application, conflict)
                } else {
                    groups[candidate.group, default: PrivateNames()].add(application)
                }
            }
        }
    }

    private mutating func refuse(
        _ candidate: Candidate, _ application: PreparedApplication, _ conflict: PrivateNames.Conflict
    ) {
        let refused = candidate.failing(
            HostError(
                code: .module,
                message:
                    "\(application.path): '\(application.name)' cannot be loaded beside '\(conflict.owner)': \(conflict.path)"
                    + " and \(conflict.other) have the same name \(conflict.name) (SONAME or file name) and other contents, and a process"
                    + " loads one library of a name: give one of the two a worker group of its own (worker: NAME in its entry)"
            ))
        for at in self.declared.indices where self.declared[at].key == candidate.key { self.declared[at] = refused }
        for (found, other) in self.droppedIn where other.key == candidate.key {
            self.droppedIn[found] = nil
            self.faulty.append(refused)
        }
    }
}
