import RoostModules

/// The copies of modules that a process has loaded. Nothing is ever unloaded, so a new generation of a loaded file must
/// be able to coexist with the old one, and the number of generations is limited. A value type without I/O.
package struct LoadedImages {
    /// Limits on generations that a process keeps loaded after they were replaced.
    package struct Allowance: Sendable, Equatable {
        package var images = 50
        /// Total size of the files of these generations.
        package var bytes = 256 << 20

        package init() {}

        package init(images: Int, bytes: Int) {
            self.images = images
            self.bytes = bytes
        }
    }

    /// The applications by their copies (`PreparedApplication.copy`).
    package private(set) var applications: [String: PreparedApplication] = [:]
    /// Number of generations that were loaded in place of others.
    private var replacements = 0
    private var names = PrivateNames()
    /// Total size of the files of these generations, in bytes.
    private var bytes = 0

    package init(_ applications: [DeployedApplication] = []) {
        for application in applications { self.load(application) }
    }

    /// Records that the process loads an application, unless it has loaded it before.
    package mutating func load(_ deployed: DeployedApplication) {
        guard case .module(let application) = deployed.answerer, self.applications[application.copy] == nil
        else {
            return
        }
        if self.earlier(application) != nil {
            self.replacements += 1
            self.bytes += application.image.size
        }
        self.applications[application.copy] = application
        self.names.add(application)
    }

    /// Why an application cannot be loaded in addition to those loaded; nil if it can.
    package func obstacle(to application: PreparedApplication, within allowance: Allowance) -> String? {
        // Also for the same sources: an interpreter imports a module once, and has imported others with it.
        if application.python != nil { return "a Python application is started in a new interpreter" }
        guard self.applications[application.copy] == nil else { return nil }
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

    /// Another generation of the application's file.
    private func earlier(_ application: PreparedApplication) -> PreparedApplication? {
        self.applications.values.first { $0.key.resolved == application.key.resolved }
    }
}
