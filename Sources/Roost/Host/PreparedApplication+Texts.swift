/// How a supervisor hands an application to its workers: everything was looked at once, and all have the same.
extension PreparedApplication {
    var texts: [String: String] {
        var texts = [
            "name": self.name, "version": self.version, "path": self.path, "hash": self.hash, "symbol": self.symbol,
            "copy": self.staged.path, "folder": self.folder,
        ]
        if let module = self.settingsModule {
            texts["settings.name"] = module.name
            texts["settings.origin"] = module.origin.rawValue
        }
        if let file = self.settingsFile {
            texts["settings.path"] = file.path
            texts["settings.resolved"] = file.resolved
            texts["settings.text"] = file.text
        }
        return texts
    }

    /// Throws `HostError`.
    init(texts: [String: String]) throws {
        func text(_ key: String) throws -> String {
            guard let text = texts[key] else { throw HostError(code: .usage, message: "a worker's order lacks \(key)") }
            return text
        }
        self.name = try text("name")
        self.version = try text("version")
        self.path = try text("path")
        self.hash = try text("hash")
        self.symbol = try text("symbol")
        self.staged = StagedModule(path: try text("copy"))
        self.folder = try text("folder")
        self.settingsModule = try texts["settings.origin"].flatMap(SettingsModule.Origin.init).map {
            SettingsModule(name: try text("settings.name"), origin: $0)
        }
        self.settingsFile = try texts["settings.path"].map {
            try SettingsFile(path: $0, resolved: texts["settings.resolved"], text: try text("settings.text"))
        }
        self.settings = try ApplicationSettings(self.settingsFile, folder: self.folder)
    }
}
