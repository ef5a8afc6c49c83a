package import ModuleRuntime
package import RoostModules
package import RoostPython
package import RoostSettings
import RoostSystem

/// An application that was checked, copied and probed, and whose settings were read. Made by `ApplicationPreparation`.
package struct PreparedApplication: Sendable {
    /// An environment variable that names the settings module to code that reads the environment.
    package struct Variable: Sendable, Equatable {
        package let name: String
        package let value: String

        /// Why a process in which the variable has another value cannot load the application.
        package var obstacle: String { "its environment variable \(self.name) must be \(self.value)" }
    }

    /// The name given by the operator, else by the module, else by its file.
    package let name: String
    package let version: String
    package let mount: Mount
    /// Where it was declared; empty for the command line.
    package let place: String
    package let isRequired: Bool
    package let lifespan: LifespanMode?
    /// The path of its health check, below its mount; nil for no health check.
    package var health: String?
    package let group: String?
    /// The origins whose pages may open WebSockets; nil for those of the host.
    package private(set) var origins: WebSocketOrigins?
    /// The folders whose files the host serves below its mount.
    package private(set) var statics: [StaticEntry] = []
    /// The middleware in front of it, after that of the host.
    package private(set) var middleware: [MiddlewareEntry] = []
    /// The names of the applications that wrap it, the outermost first.
    package internal(set) var wrappers: [String] = []
    package let key: ImageKey
    private(set) var image: LoadableImage
    package internal(set) var settingsModule: SettingsModule?
    /// The settings that the host's declarations give it, by dotted keys: its databases, with their passwords, and its
    /// templates.
    var declaredSettings: [String: String] = [:]
    /// The files and folders of its templates.
    var templates: [String] = []
    var settingsFile: SettingsFile?
    /// The key in that file that its settings are below; "" for the whole file.
    var settingsKey = ""
    package var settings: ApplicationSettings
    package var variable: Variable?
    /// What runs it if it is a Python application; nil for a native module.
    package internal(set) var python: PythonApplication?

    /// The file of its module, as the operator named it or as it was found.
    package var path: String { self.image.path }
    /// The file of its settings; nil if it has none.
    package var settingsPath: String? { self.settingsFile?.path }
    /// The hash of its module's file.
    package var hash: String { self.key.hash }
    package var symbol: String { self.key.symbol }
    package var staged: StagedModule { self.image.staged }

    init(_ entry: ApplicationEntry, _ key: ImageKey, _ image: LoadableImage) {
        let description = image.description ?? ModuleDescription()
        self.name =
            entry.name ?? (description.name.isEmpty ? ModuleReport.name(ofFile: entry.module.file) : description.name)
        self.version = description.version
        self.mount = entry.mount
        self.place = entry.place
        self.isRequired = entry.isRequired
        self.lifespan = entry.lifespan
        self.health = entry.health
        self.group = entry.group
        self.origins = entry.origins
        self.statics = entry.statics
        self.middleware = entry.middleware
        self.wrappers = entry.wrappers
        self.key = key
        self.image = image
        self.settings = .none
    }

    /// An application that another process prepared.
    init(name: String, version: String, mount: Mount, lifespan: LifespanMode?, key: ImageKey, image: LoadableImage) {
        self.name = name
        self.version = version
        self.mount = mount
        self.place = ""
        self.isRequired = false
        self.lifespan = lifespan
        self.group = nil
        self.key = key
        self.image = image
        self.settings = .none
    }
}

extension PreparedApplication {
    /// The settings that the host adds to those of the application.
    var hostSettings: [String: String] {
        self.declaredSettings.merging(self.python.map { ["roost.python": $0.settings] } ?? [:]) { $1 }
    }

    /// Identifies what a process loads: the copy of a module, which is at a path of its own, or the state of the sources
    /// that an interpreter has imported.
    var copy: String { self.python == nil ? self.staged.path : "\(self.key.resolved) \(self.hash)" }

    /// The same application with another copy of its module.
    func loading(_ image: LoadableImage) -> PreparedApplication {
        var application = self
        application.image = image
        return application
    }

    /// Whether both have the same bytes and the same settings.
    package func isSame(as other: PreparedApplication) -> Bool {
        self.key == other.key && self.staged.libraries == other.staged.libraries && self.name == other.name
            && self.mount == other.mount && self.health == other.health
            && self.settingsModule == other.settingsModule && self.settingsKey == other.settingsKey
            && self.settings.isSame(as: other.settings) && self.variable == other.variable
            && self.python == other.python && self.lifespan == other.lifespan && self.group == other.group
            && self.origins == other.origins && self.statics == other.statics
            && self.middleware == other.middleware && self.wrappers == other.wrappers
    }
}
