import ModuleRuntime
import RoostModules
import RoostSettings
import RoostSystem

/// How a supervisor hands applications to its workers: everything was looked at once, and all have the same.
extension InstalledApplication {
    /// As the fields of a message. A settings file that several applications read is there once.
    package static func texts(of applications: [InstalledApplication]) -> [String: String] {
        var texts = ["applications": "\(applications.count)"]
        var files: [SettingsFile] = []
        for (at, application) in applications.enumerated() {
            func tell(_ key: String, _ value: String?) { if let value { texts["\(at).\(key)"] = value } }
            tell("number", "\(application.number)")
            tell("name", application.name)
            tell("path", application.mount.path)
            tell("hosts", application.mount.hosts.map(\.description).joined(separator: " "))
            tell("optional", application.isOptional ? "" : nil)
            tell("origins", application.origins?.description)
            switch application.work {
            case .standIn(let reason): tell("standIn", reason.rawValue)
            case .group(let name): tell("group", name)
            // It belongs to the process that has it.
            case .program: break
            case .module(let prepared):
                for (key, value) in prepared.texts { tell(key, value) }
                guard let file = prepared.settingsFile else { continue }
                // The same text, not only the same path: one may have been read before the other was changed.
                let known = files.firstIndex { $0.path == file.path && $0.text == file.text }
                tell("file", "\(known ?? files.count)")
                guard known == nil else { continue }
                let number = files.count
                files.append(file)
                texts["file.\(number).path"] = file.path
                texts["file.\(number).resolved"] = file.resolved
                texts["file.\(number).text"] = file.text
            }
        }
        return texts
    }

    /// Throws `HostError` for what was not said by a supervisor of this version.
    package static func all(in texts: [String: String]) throws -> [InstalledApplication] {
        guard let count = texts["applications"].flatMap({ Int($0) }) else { throw Self.lacks("applications") }
        var files: [String: SettingsFile] = [:]
        return try (0..<count).map { at in
            func text(_ key: String) throws -> String {
                guard let text = texts["\(at).\(key)"] else { throw Self.lacks(key) }
                return text
            }
            guard let number = UInt32(try text("number")) else { throw Self.lacks("number") }
            var application = InstalledApplication(
                number: number, name: try text("name"), mount: try Self.mount(try text("path"), try text("hosts")),
                work: .standIn(.notStarted))
            application.isOptional = texts["\(at).optional"] != nil
            application.origins = try texts["\(at).origins"].map { text in
                do throws(MountFault) { return try WebSocketOrigins([text]) } catch { throw Self.lacks("origins") }
            }
            if let reason = texts["\(at).standIn"] {
                application.work = .standIn(OwnAnswer(rawValue: reason) ?? .notStarted)
                return application
            }
            if let group = texts["\(at).group"] {
                application.work = .group(group)
                return application
            }
            let file = try texts["\(at).file"].map { number in
                if let file = files[number] { return file }
                guard let path = texts["file.\(number).path"], let text = texts["file.\(number).text"] else {
                    throw Self.lacks("file")
                }
                let file = try SettingsFile(path: path, resolved: texts["file.\(number).resolved"], text: text)
                files[number] = file
                return file
            }
            application.work = .module(
                try PreparedApplication(application, file) { texts["\(at).\($0)"] })
            return application
        }
    }

    private static func lacks(_ key: String) -> HostError {
        HostError(code: .usage, message: "a worker's order lacks \(key)")
    }

    private static func mount(_ path: String, _ hosts: String) throws -> Mount {
        do {
            return try Mount(
                path: path.isEmpty ? "/" : path,
                hosts: try hosts.split(separator: " ").map { try HostPattern(String($0)) })
        } catch { throw Self.lacks("mount") }
    }
}

extension PreparedApplication {
    /// Without what is in `InstalledApplication`, and the settings file.
    fileprivate var texts: [String: String] {
        var texts = [
            "version": self.version, "module": self.path, "resolved": self.key.resolved, "hash": self.hash,
            "symbol": self.symbol, "copy": self.staged.path, "folder": self.image.folder,
            "settingsKey": self.settingsKey,
        ]
        texts["lifespan"] = self.lifespan?.rawValue
        texts["health"] = self.health
        return texts.merging(self.staged.libraries.texts) { $1 }
    }

    fileprivate init(
        _ application: InstalledApplication, _ file: SettingsFile?, _ given: (String) -> String?
    ) throws {
        func text(_ key: String) throws -> String {
            guard let text = given(key) else { throw HostError(code: .usage, message: "a worker's order lacks \(key)") }
            return text
        }
        self.init(
            name: application.name, version: try text("version"), mount: application.mount,
            lifespan: given("lifespan").flatMap(LifespanMode.init),
            key: ImageKey(resolved: try text("resolved"), hash: try text("hash"), symbol: try text("symbol")),
            image: LoadableImage(
                path: try text("module"), folder: try text("folder"),
                staged: StagedModule(path: try text("copy"), libraries: [PrivateLibrary](given))))
        self.health = given("health")
        self.settingsFile = file
        self.settingsKey = try text("settingsKey")
        self.settings = try ApplicationSettings(file, at: self.settingsKey, folder: self.image.folder)
    }
}
