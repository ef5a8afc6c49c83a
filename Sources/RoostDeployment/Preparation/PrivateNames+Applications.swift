package import RoostModules

extension PrivateNames {
    /// The conflict of an application's libraries with those added before; nil if there is none.
    func conflict(of application: PreparedApplication) -> Conflict? {
        self.conflict(of: application.staged, application.hash)
    }

    package mutating func add(_ application: PreparedApplication) {
        self.add(application.staged, hash: application.hash, path: application.path, owner: application.name)
    }
}
