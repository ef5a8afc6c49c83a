import ModuleRuntime
import RoostModules
import RoostPython
import RoostSettings
package import RoostSystem

/// Applications as a supervisor describes them to a worker. The supervisor reads and checks everything once, and all
/// workers get the same result.
package struct ApplicationList: Sendable {
    package let applications: [DeployedApplication]

    /// Keeps the applications that can be mounted.
    package init(_ applications: [DeployedApplication]) {
        self.applications = applications.filter { $0.mount != nil }
    }
}

extension ApplicationList: MessageCodable {
    /// The encoded kind of an `Answerer`.
    private enum Kind: UInt8, MessageKind {
        case module, group, notStarted, quarantined

        static let unknown = MessageFault("unknown kind of application")
    }

    /// A settings file that several applications read is encoded once.
    package func encode(to writer: inout MessageWriter) {
        var files: [SettingsFile] = []
        // The text is compared too: the file may have changed between two reads.
        func index(of file: SettingsFile) -> Int {
            if let known = files.firstIndex(where: { $0.path == file.path && $0.text == file.text }) { return known }
            files.append(file)
            return files.count - 1
        }
        let indices = self.applications.map { application in
            if case .module(let prepared) = application.answerer {
                prepared.settingsFile.map(index)
            } else {
                nil as Int?
            }
        }
        writer.writeNumber(UInt32(files.count))
        for file in files {
            writer.write(file.path)
            writer.write(file.resolved)
            writer.write(file.text)
        }
        writer.writeNumber(UInt32(self.applications.count))
        for (application, file) in zip(self.applications, indices) {
            Self.encode(application, file: file, to: &writer)
        }
    }

    private static func encode(_ application: DeployedApplication, file: Int?, to writer: inout MessageWriter) {
        writer.write(application.number)
        writer.write(application.name)
        let mount = application.mount ?? .root
        writer.write(mount.path)
        writer.write(mount.hosts.map(\.description))
        writer.write(!application.isOptional)
        writer.write(application.origins?.description)
        writer.write(application.statics.map(\.description))
        writer.write(application.middleware.map(\.description))
        switch application.answerer {
        case .module(let prepared):
            writer.write(Kind.module)
            writer.write(file)
            prepared.encode(to: &writer)
        case .group(let name):
            writer.write(Kind.group)
            writer.write(name)
        case .standIn(.quarantined): writer.write(Kind.quarantined)
        // An application of an embedding program exists only in the program's own process.
        case .standIn, .program: writer.write(Kind.notStarted)
        }
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        var files: [SettingsFile] = []
        for _ in 0..<(try reader.readNumber(UInt32.self)) { files.append(try Self.file(from: &reader)) }
        var applications: [DeployedApplication] = []
        for _ in 0..<(try reader.readNumber(UInt32.self)) {
            applications.append(try Self.application(from: &reader, files))
        }
        self.applications = applications
    }

    private static func file(from reader: inout MessageReader) throws(MessageFault) -> SettingsFile {
        let path: String = try reader.read()
        let resolved: String? = try reader.readOptional()
        let text: String = try reader.read()
        do {
            return try SettingsFile(path: path, resolved: resolved, text: text)
        } catch { throw MessageFault("\(error)") }
    }

    private static func application(
        from reader: inout MessageReader, _ files: [SettingsFile]
    ) throws(MessageFault) -> DeployedApplication {
        let number: UInt32 = try reader.read()
        let name: String = try reader.read()
        let mount = try Self.mount(try reader.read(), try reader.readList())
        let mustStart: Bool = try reader.read()
        let origins = try Self.origins(try reader.readOptional())
        let statics = try Self.statics(try reader.readList())
        let middleware = try reader.readList(String.self).map { MiddlewareEntry($0) }
        let answerer: DeployedApplication.Answerer
        switch try reader.read(Kind.self) {
        case .module:
            let file: Int? = try reader.readOptional()
            if let file, !files.indices.contains(file) {
                throw MessageFault("an application refers to a missing settings file")
            }
            answerer = .module(
                try PreparedApplication(name: name, mount: mount, settings: file.map { files[$0] }, from: &reader))
        case .group: answerer = .group(try reader.read())
        case .notStarted: answerer = .standIn(.notStarted)
        case .quarantined: answerer = .standIn(.quarantined)
        }
        return DeployedApplication(
            number: number, name: name, mount: mount, mustStart: mustStart, origins: origins, statics: statics,
            middleware: middleware, answerer
        )
    }

    private static func mount(_ path: String, _ hosts: [String]) throws(MessageFault) -> Mount {
        do {
            return try Mount(path: path.isEmpty ? "/" : path, hosts: try hosts.map { try HostPattern($0) })
        } catch { throw MessageFault("a mount \((error as? MountFault)?.message ?? "\(error)")") }
    }

    private static func statics(_ texts: [String]) throws(MessageFault) -> [StaticEntry] {
        do throws(MountFault) {
            return try texts.map { text throws(MountFault) in try StaticEntry(text) }
        } catch { throw MessageFault("static: \(error.message)") }
    }

    private static func origins(_ text: String?) throws(MessageFault) -> WebSocketOrigins? {
        guard let text else { return nil }
        do throws(MountFault) {
            return try WebSocketOrigins([text])
        } catch { throw MessageFault("origins: \(error.message)") }
    }
}

extension PreparedApplication {
    /// Leaves out the properties that the deployed application has, and the text of the settings file.
    fileprivate func encode(to writer: inout MessageWriter) {
        writer.write(self.version)
        writer.write(self.lifespan?.rawValue)
        writer.write(self.health)
        writer.write(self.wrappers)
        writer.write(self.key.resolved)
        writer.write(self.key.hash)
        writer.write(self.key.symbol)
        writer.write(self.path)
        writer.write(self.image.folder)
        writer.write(self.python)
        writer.write(self.staged.path)
        writer.write(self.staged.libraries)
        writer.write(self.settingsKey)
        let declared = self.declaredSettings.sorted { $0.key < $1.key }
        writer.write(declared.map(\.key))
        writer.write(declared.map(\.value))
    }

    fileprivate init(
        name: String, mount: Mount, settings file: SettingsFile?, from reader: inout MessageReader
    ) throws(MessageFault) {
        let version: String = try reader.read()
        let lifespan: String? = try reader.readOptional()
        let health: String? = try reader.readOptional()
        let wrappers: [String] = try reader.readList()
        let key = ImageKey(resolved: try reader.read(), hash: try reader.read(), symbol: try reader.read())
        let (path, folder): (String, String) = (try reader.read(), try reader.read())
        let python: PythonApplication? = try reader.readOptional()
        let copy = StagedModule(path: try reader.read(), libraries: try reader.readList())
        let image = LoadableImage(
            path: path, folder: folder, staged: python == nil ? copy : StagedModule(provided: copy.path))
        self.init(
            name: name, version: version, mount: mount, lifespan: lifespan.flatMap(LifespanMode.init), key: key,
            image: image)
        self.health = health
        self.wrappers = wrappers
        self.python = python
        self.settingsFile = file
        self.settingsKey = try reader.read()
        let (keys, values): ([String], [String]) = (try reader.readList(), try reader.readList())
        self.declaredSettings = Dictionary(zip(keys, values)) { $1 }
        do {
            self.settings = try ApplicationSettings(
                file, at: self.settingsKey, folder: image.folder, others: self.hostSettings)
        } catch { throw MessageFault("\(error)") }
    }
}
