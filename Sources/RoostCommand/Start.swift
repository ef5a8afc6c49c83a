import Glibc
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// What a start is asked for: its options from all layers, its settings file, and the applications that it names.
struct Start {
    let module: ModuleName?
    private(set) var layers: OptionLayers
    private(set) var options: ServeOptions
    /// The settings module; nil: nobody names one, and it is the module's to say.
    let settings: SettingsModule?
    private(set) var file: SettingsFile?
    private(set) var host: HostSettings?
    /// The state of the settings file before it was read.
    private(set) var seen = FileMarks()

    /// `words`: those of the command line, behind the command. Throws `HostError`.
    init(words: [String]) throws {
        self.layers = try OptionLayers(words: words)
        let serve = try self.layers.parse()
        self.options = Self.settled(serve.options)
        self.module = try serve.module.map { try ModuleName($0) }
        let environment = ProcessEnvironment.atStart[SettingsModule.variable]
        let isNamed = self.options.settings != nil || !(environment ?? "").isEmpty
        // An application of the command line has a default, which is known once its file was examined.
        self.settings =
            !self.options.noSettings && (isNamed || self.module == nil)
            ? try SettingsModule.chosen(
                option: self.options.settings, environment: environment, moduleDefault: nil,
                folders: [self.options.appDir])
            : nil
        if let path = try self.settings?.file(below: [self.options.appDir]) {
            try self.take(from: path)
        }
    }

    /// Whether nothing is to be served.
    var isEmpty: Bool { self.module == nil && self.applications.isEmpty && self.folders.isEmpty }

    private var applications: [ApplicationEntry] { self.host?.applications ?? [] }

    /// The drop-in folders: those of the highest layer that names some; in a file they are below the folder of names.
    private var folders: [String] {
        guard self.options.modules.isEmpty else { return self.options.modules }
        return (self.host?.modules ?? []).map { $0.hasPrefix("/") ? $0 : "\(self.options.appDir)/\($0)" }
    }

    /// Without a supervisor this process loads modules, and a module may change the working folder: then paths are absolute from the start on.
    private static func settled(_ options: ServeOptions) -> ServeOptions {
        guard !options.worker.supervisor else { return options }
        var options = options
        options.appDir = WorkingFolder.absolute(options.appDir)
        options.modules = options.modules.map { WorkingFolder.absolute($0) }
        return options
    }

    private mutating func take(from path: String) throws {
        self.seen.note(path)
        let file = try SettingsFile(path: path, trust: try self.options.trust)
        let host = try HostSettings(
            file, server: OptionLayers.schema, group: OptionLayers.groupSchema, keepsOthers: self.module != nil)
        if let server = host.server { self.layers.take(server) }
        self.options = Self.settled(try self.layers.parse().options)
        self.file = file
        self.host = host
    }

    /// The same with the settings file that the application itself names, now that it has been looked at; nil: it says nothing to the host.
    /// Throws `HostError` for what comes too late.
    func taking(defaultOf application: PreparedApplication) throws -> Start? {
        guard self.file == nil, let path = application.settingsPath else { return nil }
        var start = self
        try start.take(from: path)
        for name in start.host?.server?.names ?? [] where Self.early.contains(name) {
            throw HostError(
                code: .settings,
                message:
                    "\(start.host?.server?.place(name) ?? path): 'server.\(name)' comes too late in the settings that the module"
                    + " names itself: name them with --settings")
        }
        return start
    }

    /// The settings files that this start has read.
    func filesRead(_ scan: Deployment.Scan) -> [String] {
        let own = self.file.map { [$0.path] } ?? []
        return (own + scan.settingsFiles.filter { !own.contains($0) })
    }

    /// Options that count before an application is looked at.
    private static let early = ["run-dir", "user", "group", "trust-owner", "probe-timeout", "limit-address-space"]

    /// What is to be served. Throws `HostError`.
    func deployment() throws -> Deployment {
        var preparation = ApplicationPreparation()
        preparation.folder = self.options.appDir
        preparation.environment = ProcessEnvironment.atStart
        preparation.otherFolders = self.folders
        preparation.settings = self.options.settings
        preparation.readsSettings = !self.options.noSettings
        preparation.trust = try self.options.trust
        preparation.probe = ModuleProbe(time: self.options.probeTimeout)
        preparation.privileges = try self.options.worker.privileges
        var deployment = Deployment(preparation: preparation)
        deployment.entries = (self.module.map { [ApplicationEntry(commandLine: $0)] } ?? []) + self.applications
        if !self.options.worker.supervisor {
            for at in deployment.entries.indices { deployment.entries[at].resolvePath() }
        }
        deployment.folders = self.folders
        deployment.quiet = self.options.reload.quiet
        deployment.workers = try self.options.workerPlan
        // What workers read too.
        deployment.workers.arguments = self.layers.words
        for group in self.host?.groups ?? [] {
            let plan = try self.layers.plan(of: group)
            deployment.groups[group.name] = plan
            deployment.preparation.groupPrivileges[group.name] = plan.privileges
        }
        try deployment.check()
        return deployment
    }

    /// The same start, looked at anew, whenever that is asked for. It says what takes another start.
    var again: @Sendable () throws -> Deployment {
        let (layers, path, folders) = (self.layers, self.file?.path, self.folders)
        return {
            var start = try Start(words: layers.typed)
            if start.file == nil, let path { try start.take(from: path) }
            var deployment = try start.deployment()
            let differences = start.layers.differences(from: layers).map { "server.\($0)" }
            if !differences.isEmpty {
                deployment.remark =
                    "changed settings of the server take a restart: \(differences.joined(separator: ", "))"
            }
            // They are followed since the start.
            deployment.folders = folders
            return deployment
        }
    }
}
