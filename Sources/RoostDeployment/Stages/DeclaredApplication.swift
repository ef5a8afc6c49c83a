import RoostSettings
package import RoostSystem

/// An application as the operator declares it (on the command line, in the settings or by a file in a drop-in folder),
/// with the outcome of its preparation.
package struct DeclaredApplication: Sendable {
    /// Identifies the application across reloads: its mount and its group, or its file.
    package let key: String
    package let name: String
    /// Where it is declared.
    package let place: String
    /// Nil if the file in the drop-in folder has never had a valid declaration.
    let mount: Mount?
    package let isRequired: Bool
    /// The worker group; nil for the workers that accept connections.
    package private(set) var group: String?
    package private(set) var preparation: ApplicationPreparation.Outcome
    /// The file of its module, if the module is named by a path.
    package let file: String?

    /// The prepared application; nil if the preparation failed.
    package var prepared: PreparedApplication? { try? self.preparation.get() }

    init(_ entry: ApplicationEntry, _ preparation: ApplicationPreparation.Outcome) {
        self.key = entry.mount.description + (entry.group.map { " @\($0)" } ?? "")
        self.group = entry.group
        self.place = entry.place
        self.mount = entry.mount
        self.isRequired = entry.isRequired
        self.preparation = preparation
        self.name = (try? preparation.get().name) ?? entry.name ?? entry.module.text
        if case .path(let path) = entry.module.place { self.file = path } else { self.file = nil }
    }

    /// A file in a drop-in folder that cannot be served. `old`: the application that the file declared before.
    init(_ found: DropInFolder.Module, _ fault: HostError, old: DeclaredApplication?) {
        self.key = old?.key ?? found.path
        self.name = old?.name ?? found.name
        self.place = found.path
        self.mount = old?.mount
        self.group = old?.group
        self.isRequired = false
        self.preparation = .failure(fault)
        self.file = found.path
    }

    /// The same application, refused with this fault.
    func failing(_ fault: HostError) -> DeclaredApplication {
        var application = self
        application.preparation = .failure(fault)
        return application
    }

    /// Why a host without workers refuses the application; nil if it requests no worker group.
    package var groupFault: HostError? {
        guard self.group != nil else { return nil }
        return HostError(
            code: .settings,
            message: "\(self.place): 'worker' needs worker processes; remove --no-supervisor, or the key")
    }

    /// The same application for a host without workers: refused if it requests a worker group.
    var withoutGroup: DeclaredApplication {
        guard let groupFault else { return self }
        var application = self.prepared == nil ? self : self.failing(groupFault)
        application.group = nil
        return application
    }
}
