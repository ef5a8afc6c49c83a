import Glibc
import HTTPServer
import Roost
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem
import Supervision

/// The configuration of a start: the options from all sources, the settings file, and the declared applications.
struct Start {
    let module: ModuleName?
    private(set) var layers: OptionLayers
    private(set) var options: ServerOptions
    /// The settings module of the server; nil if the operator names none and the application's own applies.
    let settings: SettingsModule?
    private(set) var file: SettingsFile?
    private(set) var host: HostSettings?
    /// The mark of the settings file, taken before it was read.
    private(set) var seen = FileMarks()

    /// `module`, `typed`: the arguments of the command line. Throws `ValidationError` for invalid ones, else
    /// `HostError`.
    init(module: String?, typed: [GivenOption]) throws {
        try self.init(try module.map { try ModuleName($0) }, try OptionLayers(typed: typed))
    }

    private init(_ module: ModuleName?, _ layers: OptionLayers) throws {
        self.layers = layers
        self.options = Self.withAbsolutePaths(try self.layers.resolve())
        self.module = module
        let environment = ProcessEnvironment.atStart[SettingsModule.variable]
        let isNamed = self.options.process.settings != nil || !(environment ?? "").isEmpty
        // An application on the command line may have a default of its own, which is known after its file was examined.
        self.settings =
            !self.options.process.readsNoSettings && (isNamed || self.module == nil)
            ? try SettingsModule.chosen(
                option: self.options.process.settings, environment: environment, moduleDefault: nil,
                folders: [self.options.host.folder])
            : nil
        if let path = try self.settings?.file(below: [self.options.host.folder]) {
            try self.read(path)
        }
    }

    /// Whether nothing is declared: no application, no drop-in folder, and no static files.
    var isEmpty: Bool {
        self.module == nil && self.applications.isEmpty && self.folders.isEmpty && self.options.host.statics.isEmpty
    }

    private var applications: [ApplicationEntry] { self.host?.applications ?? [] }

    /// The files of the certificates, of the options and of the settings file; nil without TLS.
    private var tls: TLSFiles? { self.options.tls.files(adding: self.host?.tls.certificates ?? []) }

    /// The addresses to listen on. Throws `ValidationError`.
    var listenAddresses: [ListenAddress] {
        get throws {
            let hasCertificate = self.tls != nil || self.options.tls.isSelfSigned
            let addresses = try self.options.listenAddresses.map { $0.resolved(hasCertificate: hasCertificate) }
            if !hasCertificate, let address = addresses.first(where: { $0.security.clientCertificates != nil }) {
                throw HostError(
                    code: .usage,
                    message: "--bind \(address.bind): client-cert= needs TLS; name a certificate with --ssl-certfile")
            }
            return addresses
        }
    }

    /// The certificate of --tls-self-signed, in the run directory; nil without the option. Throws `HostError`.
    func selfSigned(_ run: RunDirectory) throws -> TLSFiles? {
        guard self.options.tls.isSelfSigned else { return nil }
        let folder = String(run.boot[..<(run.boot.lastIndex(of: "/") ?? run.boot.endIndex)])
        return self.options.tls.files(of: [try SelfSignedCertificate.make(in: folder, trust: FileTrust())])
    }

    /// The drop-in folders of the options, else those of the settings file, which are relative to `--app-dir`.
    private var folders: [String] {
        guard self.options.process.modules.isEmpty else { return self.options.process.modules }
        return (self.host?.modules ?? []).map { $0.hasPrefix("/") ? $0 : "\(self.options.host.folder)/\($0)" }
    }

    /// Makes paths absolute if this process loads modules, since a module may change the working directory.
    private static func withAbsolutePaths(_ options: ServerOptions) -> ServerOptions {
        guard !options.process.isSupervised else { return options }
        var options = options
        options.host.folder = WorkingFolder.absolute(options.host.folder)
        options.process.modules = options.process.modules.map { WorkingFolder.absolute($0) }
        return options
    }

    private mutating func read(_ path: String) throws {
        self.seen.note(path)
        let file = try SettingsFile(path: path, trust: self.options.host.trust)
        let host = try HostSettings(
            file, server: OptionLayers.schema, group: OptionLayers.groupSchema, keepsOthers: self.module != nil)
        if let server = host.server { self.layers.add(server) }
        self.layers.add("static", host.statics.map(\.description), from: host.staticsPlace)
        self.layers.add("middleware", host.middleware.map(\.description), from: host.middlewarePlace)
        for option in host.tls.options { self.layers.add(option.name, [option.value], from: option.place) }
        self.options = Self.withAbsolutePaths(try self.layers.resolve())
        self.file = file
        self.host = host
    }

    /// Returns this start with the settings file that the examined application names; nil if it names none. Throws
    /// `HostError` if that file sets an option that was needed earlier.
    func reading(settingsOf application: PreparedApplication) throws -> Start? {
        guard self.file == nil, let path = application.settingsPath else { return nil }
        var start = self
        try start.read(path)
        for name in start.host?.server?.names ?? []
        where OptionTable.option(named: name)?.declaration.isEarly == true {
            throw HostError(
                code: .settings,
                message:
                    "\(start.host?.server?.place(name) ?? path): 'server.\(name)' is not allowed in the settings that the module"
                    + " selects itself; select them with --settings")
        }
        return start
    }

    /// Returns the settings files that were read.
    func filesRead(_ scan: Deployment.Scan) -> [String] {
        let own = self.file.map { [$0.path] } ?? []
        return (own + scan.settingsFiles.filter { !own.contains($0) })
    }

    /// Returns the declared applications, folders and worker groups. Throws `HostError`.
    func deployment() throws -> Deployment {
        var preparation = ApplicationPreparation()
        preparation.folder = self.options.host.folder
        preparation.otherFolders = self.folders
        preparation.settings = self.options.process.settings
        preparation.readsSettings = !self.options.process.readsNoSettings
        preparation.trust = self.options.host.trust
        preparation.databases = self.host?.databases ?? []
        preparation.templates = self.host?.templates ?? []
        if self.options.process.isSupervised {
            preparation.python = PythonPreparation(
                options: self.options.python, executable: RoostPaths.executable ?? "",
                environment: ProcessEnvironment.atStart)
        }
        preparation.probe = ModuleProbe(time: self.options.probeTime)
        var workers = try self.options.workerPlan
        preparation.privileges = workers.privileges
        workers.arguments = self.layers.wordsForWorkers + (self.module.map { ["--", $0.text] } ?? [])
        let environment = try self.environmentOfFile()
        workers.environment = environment
        preparation.environment = ProcessEnvironment.atStart.merging(environment) { first, _ in first }
        var deployment = Deployment(preparation: preparation, workers: workers)
        deployment.entries = (self.module.map { [ApplicationEntry(commandLine: $0)] } ?? []) + self.applications
        if !self.options.process.isSupervised {
            for at in deployment.entries.indices { deployment.entries[at].resolvePath() }
        }
        deployment.folders = self.folders
        deployment.quiet = self.options.watch.quiet
        deployment.tls = self.tls
        for group in self.host?.groups ?? [] {
            var plan = try self.layers.plan(of: group)
            plan.environment = environment.merging(plan.environment) { $1 }
            deployment.groups[group.name] = plan
            deployment.preparation.groupPrivileges[group.name] = plan.privileges
        }
        try deployment.check()
        return deployment
    }

    /// What to watch besides the drop-in folders: with a Python application also its sources; nil without `--reload`.
    func watchPlan(of deployment: Deployment) -> WatchPlan? {
        guard var plan = self.options.watchPlan else { return nil }
        guard let folder = deployment.pythonFolder else { return plan }
        plan.excludes += PythonPreparation.foldersWithoutSources.filter { !plan.includes.contains($0) }
        if plan.sources.isEmpty { plan.sources = [folder] }
        return plan
    }

    /// The variables of `--env-file` that the environment does not have. Throws `HostError`.
    private func environmentOfFile() throws -> [String: String] {
        guard let path = self.options.process.environmentFile else { return [:] }
        let environment = ProcessEnvironment.atStart
        return try EnvironmentFile(path: path, environment: environment, trust: self.options.host.trust).added
    }

    /// Reads the settings again for a reload. The result names changed options that need a restart.
    var again: @Sendable () throws -> Deployment {
        let (module, layers, path, folders) = (self.module, self.layers, self.file?.path, self.folders)
        let hasTLS = self.tls != nil
        return {
            var start = try Start(module, try OptionLayers(typed: layers.typed))
            if start.file == nil, let path { try start.read(path) }
            var deployment = try start.deployment()
            var differences = start.layers.differences(from: layers).map { "server.\($0)" }
            if (start.tls != nil) != hasTLS { differences.append("tls") }
            if !differences.isEmpty { deployment.restartSettings = differences.joined(separator: ",") }
            // The folders of the start are already followed.
            deployment.folders = folders
            return deployment
        }
    }
}
