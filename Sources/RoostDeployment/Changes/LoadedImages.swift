import RoostModules

/// The copies that a process has loaded: nothing is ever unloaded, so a new generation of a file that is there already has to be one that can stand
/// beside it, and there is an allowance of them. A value without I/O.
package struct LoadedImages {
    /// How much of what serves no more a process may keep.
    package struct Allowance: Sendable, Equatable {
        package var images = 50
        /// Of their files.
        package var bytes = 256 << 20

        package init() {}

        package init(images: Int, bytes: Int) {
            self.images = images
            self.bytes = bytes
        }
    }

    /// By the paths of their copies.
    package private(set) var applications: [String: PreparedApplication] = [:]
    /// Generations that were loaded in the place of others, and the bytes of their files.
    private var replacements = 0
    private var names = PrivateNames()
    private var bytes = 0

    package init(_ applications: [DeployedApplication] = []) {
        for application in applications { self.load(application) }
    }

    /// The process loads it, unless it has.
    package mutating func load(_ deployed: DeployedApplication) {
        guard case .module(let application) = deployed.answerer, self.applications[application.staged.path] == nil
        else {
            return
        }
        if self.earlier(application) != nil {
            self.replacements += 1
            self.bytes += application.image.size
        }
        self.applications[application.staged.path] = application
        self.names.add(application)
    }

    /// Why it cannot be loaded here, beside what is; nil: it can.
    package func obstacle(to application: PreparedApplication, within allowance: Allowance) -> String? {
        guard self.applications[application.staged.path] == nil else { return nil }
        guard let earlier = self.earlier(application) else {
            return self.names.conflict(of: application).map { "\($0)" }
        }
        if application.image.wantsProcess || earlier.image.wantsProcess {
            return "the module requires a new process (ASGI_RELOAD_PROCESS)"
        }
        if let obstacle = application.image.obstacle { return obstacle }
        if let conflict = self.names.conflict(of: application) { return "\(conflict)" }
        guard self.replacements < allowance.images else {
            return "the worker has loaded \(self.replacements) generations (--limit-images)"
        }
        guard self.bytes + application.image.size <= allowance.bytes else {
            return "the worker has loaded generations of \(self.bytes) bytes (--limit-image-bytes)"
        }
        return nil
    }

    /// Another generation of its file.
    private func earlier(_ application: PreparedApplication) -> PreparedApplication? {
        self.applications.values.first { $0.key.resolved == application.key.resolved }
    }
}
