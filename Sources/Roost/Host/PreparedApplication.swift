import Glibc

/// An application that is checked, copied and probed, and whose settings are read: all that can be done, and refused,
/// before a thread runs and a byte of it is mapped into this process.
public struct PreparedApplication: Sendable {
    /// What it is asked to be.
    public struct Request: Sendable {
        public var module: ModuleName
        /// Folder that dotted names, of modules and of settings, are looked up below.
        public var folder = "."
        /// The settings module that the operator names.
        public var settings: String?
        public var trust = FileTrust()
        /// Nil: no child loads it first, its description is asked when it is loaded.
        public var probe: ModuleProbe?
        /// What a process that loads it becomes first.
        public var privileges = Privileges()

        public init(module: ModuleName) { self.module = module }
    }

    public let name: String
    public let version: String
    /// The file as the operator named it, or as it was found.
    public let path: String
    public let settingsModule: SettingsModule?
    /// The file of the settings module, where there is one.
    public var settingsPath: String? { self.settingsFile?.path }
    /// Names the bytes of the module's file.
    let hash: String
    /// Of the module's file.
    let folder: String
    let settingsFile: SettingsFile?
    let symbol: String
    let staged: StagedModule
    let settings: ApplicationSettings

    /// Throws `HostError`: one line that names file, field and mend.
    public init(_ request: Request, run: RunDirectory) throws {
        self.path = try ModuleLocator(folders: [request.folder]).path(of: request.module)
        self.symbol = request.module.symbol
        let file = try ModuleFile(path: self.path, symbol: self.symbol, trust: request.trust)
        self.hash = "\(file.hash)"
        self.folder = file.folder
        self.staged = try StagedModule(file, in: run, trust: request.trust)

        var description = ModuleDescription()
        if let probe = request.probe {
            let report = try probe.report(
                path: self.staged.path, symbol: self.symbol, privileges: request.privileges)
            if let fault = report.fault { throw HostError(code: .module, message: "\(self.path): \(fault)") }
            description = report.description
        }
        self.name = description.name.isEmpty ? ModuleReport.name(of: file) : description.name
        self.version = description.version

        self.settingsModule = try SettingsModule.chosen(
            option: request.settings, environment: getenv(SettingsModule.variable).map { String(cString: $0) },
            moduleDefault: description.settings.isEmpty ? nil : description.settings, folder: request.folder
        )
        self.settingsFile = try self.settingsModule?.file(below: request.folder).map { try SettingsFile(path: $0) }
        self.settings = try ApplicationSettings(self.settingsFile, folder: file.folder)
    }

    /// The variable that announces the settings module to code which reads the environment, and its value. By Django's
    /// rule: what the environment says stands, but what the command line names goes before it. To be set before the first
    /// thread; nil: nothing is to be set.
    public var variable: (name: String, value: String)? {
        guard let module = self.settingsModule, module.origin != .environment else { return nil }
        return (SettingsModule.variable, module.name)
    }
}
