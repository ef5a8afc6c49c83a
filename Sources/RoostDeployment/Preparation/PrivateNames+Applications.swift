package import RoostModules

extension PrivateNames {
    /// What an application cannot have beside those that were added; nil: nothing.
    func conflict(of application: PreparedApplication) -> Conflict? {
        self.conflict(of: application.staged, application.hash)
    }

    package mutating func add(_ application: PreparedApplication) {
        self.add(application.staged, hash: application.hash, path: application.path, owner: application.name)
    }
}
