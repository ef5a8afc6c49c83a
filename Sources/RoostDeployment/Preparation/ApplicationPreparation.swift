import Glibc
import Middleware
import ModuleRuntime
package import RoostModules
import RoostPython
package import RoostSettings
package import RoostSystem

/// Checks, copies and probes the files of applications, and reads their settings: everything that can fail before any
/// of them is mapped into this process. Applications of one file share a copy. One child process probes all new modules
/// that it can load side by side.
package struct ApplicationPreparation: Sendable {
    package typealias Outcome = Result<PreparedApplication, HostError>

    /// The folder below which dotted names of modules and settings are looked up.
    package var folder = "."
    /// Folders that are searched after it: the drop-in folders.
    package var otherFolders: [String] = []
    /// The settings module of the command line's application, as the operator names it.
    package var settings: String?
    /// The environment that may name settings modules; nil for the current environment of the process.
    package var environment: [String: String]?
    /// Whether the command line's application reads a settings file.
    package var readsSettings = true
    package var trust = FileTrust()
    /// The databases that applications may use.
    package var databases: [DatabaseEntry] = []
    /// The folders with templates for all applications.
    package var templates: [String] = []
    /// Nil for no probe: modules are first loaded, and describe themselves, in the process that serves them.
    package var probe: ModuleProbe?
    /// The privileges of processes that load the modules: by default, and for groups with privileges of their own.
    package var privileges = Privileges()
    package var groupPrivileges: [String: Privileges] = [:]

    /// What Python applications need; nil if this process loads modules itself: an interpreter runs them as its worker.
    package var python: PythonPreparation?

    package init() {}

    private var folders: [String] { [self.folder] + self.otherFolders }

    /// Prepares the application of a command line. Throws `HostError`: one line with file, field and what to do.
    package func prepare(_ module: ModuleName, run: RunDirectory) throws -> PreparedApplication {
        try self.prepare([ApplicationEntry(commandLine: module)], run: run)[0].get()
    }

    /// Prepares applications, and returns an outcome for each, in the same order. `known`: generations whose copies
    /// need not be made and probed again.
    package func prepare(
        _ entries: [ApplicationEntry], run: RunDirectory, known: [PreparedApplication] = []
    ) -> [Outcome] {
        var seen = FileMarks()
        return self.prepare(entries, run: run, known: known, seen: &seen)
    }

    /// The same; records in `seen` the state of each file before the file is read.
    package func prepare(
        _ entries: [ApplicationEntry], run: RunDirectory, known: [PreparedApplication], seen: inout FileMarks
    ) -> [Outcome] {
        var images: [ImageKey: LoadableImage] = [:]
        for application in known where !application.staged.isOutdated { images[application.key] = application.image }
        var files: [ImageKey: ModuleFile] = [:]
        var pythons = PythonApplications(below: WorkingFolder.absolute(self.folder))
        let copies = entries.map { entry in
            self.pythonKey(of: entry, images: &images, pythons: &pythons, seen: &seen)
                ?? self.copy(of: entry, run: run, images: &images, files: &files, seen: &seen)
        }
        self.probeNew(&images, Self.groups(entries, copies))
        var outcomes = zip(entries, copies).map { entry, copy in
            copy.flatMap { key in
                HostError.catching {
                    guard let image = images[key] else {
                        throw HostError(code: .module, message: "\(key.resolved): gone")
                    }
                    if let fault = image.fault { throw HostError(code: .module, message: "\(image.path): \(fault)") }
                    for library in image.staged.libraries { seen.note(library.path, library.mark) }
                    return try self.readSettings(entry, key, image, pythons.found[key], &seen)
                }
            }
        }
        self.separate(&outcomes, from: known, files, run)
        return outcomes
    }

    /// Gives applications with changed settings an image of their own: the module is loaded anew, unless an unchanged
    /// application shares the image.
    private func separate(
        _ outcomes: inout [Outcome], from known: [PreparedApplication], _ files: [ImageKey: ModuleFile],
        _ run: RunDirectory
    ) {
        let applications = outcomes.compactMap { try? $0.get() }
        for (key, file) in files {
            let copies = Set(known.filter { $0.key == key }.map(\.staged.path))
            let using = applications.filter { $0.key == key && copies.contains($0.staged.path) }
            let changed = using.filter { application in !known.contains { $0.isSame(as: application) } }
            let staying = known.filter { old in
                old.key == key && !changed.contains { $0.mount == old.mount && $0.group == old.group }
            }
            guard let first = changed.first, staying.isEmpty else { continue }
            let image = Result { try first.image.again(file, in: run, trust: self.trust) }
            for at in outcomes.indices {
                guard case .success(let application) = outcomes[at],
                    changed.contains(where: { $0.isSame(as: application) })
                else { continue }
                outcomes[at] = HostError.catching { application.loading(try image.get()) }
            }
        }
    }

    /// Finds the file, checks it, and copies it unless it was copied before.
    private func copy(
        of entry: ApplicationEntry, run: RunDirectory, images: inout [ImageKey: LoadableImage],
        files: inout [ImageKey: ModuleFile], seen: inout FileMarks
    ) -> Result<ImageKey, HostError> {
        HostError.catching {
            // Recorded even if there is no file yet.
            if case .path(let path) = entry.module.place { seen.note(path) }
            if case .provided(let name) = entry.module.place {
                let key = ImageKey(resolved: entry.module.text, hash: "", symbol: entry.module.symbol)
                images[key] = try self.provided(name, as: entry.module.text)
                return key
            }
            var sources: [String] = []
            if self.python != nil, case .dotted(let words) = entry.module.place {
                sources = PythonSource.candidates(words, below: self.folder)
            }
            let path = try ModuleLocator(folders: self.folders).path(of: entry.module, others: sources)
            seen.note(path)
            let file = try ModuleFile(path: path, symbol: entry.module.symbol, trust: self.trust)
            let key = ImageKey(resolved: file.resolved, hash: "\(file.hash)", symbol: entry.module.symbol)
            files[key] = file
            guard images[key] == nil else { return key }
            // The same bytes are copied once, whatever symbols are requested.
            let twin = images.first { $0.key.resolved == key.resolved && $0.key.hash == key.hash }?.value
            images[key] = try twin ?? self.image(of: file, named: path, run)
            images[key]?.description = nil
            images[key]?.fault = nil
            return key
        }
    }

    // MARK: Python

    /// The Python applications of one preparation. All are below the same folder.
    private struct PythonApplications {
        var found: [ImageKey: PythonApplication] = [:]
        private(set) lazy var fingerprint = PythonPreparation.fingerprint(of: self.folder)
        private let folder: String

        init(below folder: String) { self.folder = folder }
    }

    /// The key of a Python application; nil if the entry names a native module, which has precedence.
    private func pythonKey(
        of entry: ApplicationEntry, images: inout [ImageKey: LoadableImage],
        pythons: inout PythonApplications, seen: inout FileMarks
    ) -> Result<ImageKey, HostError>? {
        guard self.isPython(entry.module), case .dotted(let words) = entry.module.place else { return nil }
        let folder = WorkingFolder.absolute(self.folder)
        let source = PythonSource.file(of: words, below: folder)
        // Where no interpreter can be started, a name without a source file is more likely that of a library.
        guard self.python != nil || source != nil else { return nil }
        return HostError.catching {
            guard let python else {
                throw HostError(
                    code: .usage,
                    message: "\(entry.module.text): a Python application needs an interpreter as its worker, which the"
                        + " command roost starts; remove --no-supervisor")
            }
            let application = try python.application(
                entry.module, words, folder: folder, source: source, trust: self.trust)
            if let source { seen.note(source) }
            let key = ImageKey(
                resolved: "python:\(application.reference)", hash: pythons.fingerprint,
                symbol: entry.module.symbol)
            var image = LoadableImage(
                path: application.reference, folder: folder,
                staged: StagedModule(provided: PythonApplication.module))
            image.description = PythonPreparation.description(of: application)
            images[key] = image
            pythons.found[key] = application
            return key
        }
    }

    /// Whether a name means a Python application: there is no library of this name, and there is a source file, or the
    /// attribute is named, so that Python searches its own folders.
    func isPython(_ name: ModuleName) -> Bool {
        guard case .dotted(let words) = name.place, !ModuleLocator(folders: self.folders).hasLibrary(words) else {
            return false
        }
        return name.hasSymbol || PythonSource.file(of: words, below: WorkingFolder.absolute(self.folder)) != nil
    }

    /// Gives every Python application but the first a worker group of its own, unless the operator has named one: each
    /// has an interpreter with its own settings module and its own modules.
    func withGroups(_ entries: [ApplicationEntry]) -> [ApplicationEntry] {
        var groups = Set(entries.compactMap(\.group))
        var hasPython = false
        return entries.map { entry in
            guard entry.group == nil, self.isPython(entry.module) else { return entry }
            guard hasPython else {
                hasPython = true
                return entry
            }
            var entry = entry
            let name = entry.name ?? PythonApplication.project(of: entry.module.text)
            let group = ApplicationEntry.groupName(name, unlike: groups)
            groups.insert(group)
            entry.group = group
            return entry
        }
    }

    // MARK: Files

    /// A module that this program provides. It is neither copied nor probed.
    private func provided(_ name: String, as text: String) throws -> LoadableImage {
        var image = LoadableImage(
            path: text, folder: WorkingFolder.absolute(self.folder), staged: StagedModule(provided: name))
        let description = try ProvidedModules.functions(of: name).describe()
        image.description = description
        image.fault = description.fault
        return image
    }

    /// Copies the file. Refuses libraries that conflict with those of this program, which every worker loads too.
    private func image(of file: ModuleFile, named path: String, _ run: RunDirectory) throws -> LoadableImage {
        let image = try LoadableImage(file, named: path, in: run, trust: self.trust)
        do {
            try LoadedNames.check(image.staged.libraries, but: run.boot)
        } catch { throw HostError(code: .module, message: "\(path): \(HostError(error).message)") }
        return image
    }

    /// The first worker group that uses each image.
    private static func groups(
        _ entries: [ApplicationEntry], _ copies: [Result<ImageKey, HostError>]
    ) -> [ImageKey: String] {
        var groups: [ImageKey: String] = [:]
        for (entry, copy) in zip(entries, copies) {
            if case .success(let key) = copy, groups[key] == nil { groups[key] = entry.group }
        }
        return groups
    }

    /// Probes new images: one child for each set of modules that processes with the same privileges load together.
    private func probeNew(_ images: inout [ImageKey: LoadableImage], _ groups: [ImageKey: String]) {
        let new = images.filter { $0.value.description == nil }
        guard let probe else {
            for key in new.keys { images[key]?.description = ModuleDescription() }
            return
        }
        for (group, some) in Dictionary(grouping: new, by: { key, _ in groups[key] }) {
            let privileges = group.flatMap { self.groupPrivileges[$0] } ?? self.privileges
            for sorted in Self.batches(some.sorted { $0.value.staged.path < $1.value.staged.path }) {
                let modules = sorted.map { key, image in
                    ModuleProbe.Module(path: image.staged.path, symbol: key.symbol, libraries: image.staged.libraries)
                }
                for ((key, _), report) in zip(sorted, probe.reports(of: modules, privileges: privileges)) {
                    images[key]?.description = report.description
                    images[key]?.fault = report.fault
                }
            }
        }
    }

    /// Splits modules into batches that one process can load: in a batch, libraries of the same name are the same.
    private static func batches(_ images: [(key: ImageKey, value: LoadableImage)]) -> [[(ImageKey, LoadableImage)]] {
        var batches: [(names: PrivateNames, images: [(ImageKey, LoadableImage)])] = []
        for (key, image) in images {
            let at = batches.firstIndex { $0.names.conflict(of: image.staged, key.hash) == nil } ?? batches.count
            if at == batches.count { batches.append((PrivateNames(), [])) }
            batches[at].names.add(image.staged, hash: key.hash, path: image.path, owner: "")
            batches[at].images.append((key, image))
        }
        return batches.map(\.images)
    }

    // MARK: Settings

    private func readSettings(
        _ entry: ApplicationEntry, _ key: ImageKey, _ image: LoadableImage, _ python: PythonApplication?,
        _ seen: inout FileMarks
    ) throws -> PreparedApplication {
        let description = image.description ?? ModuleDescription()
        do throws(MiddlewareFault) {
            _ = try MiddlewareChain(host: entry.middleware)
        } catch { throw HostError(code: .settings, message: "\(entry.place): middleware \(error.message)") }
        var application = PreparedApplication(entry, key, image)
        application.python = python
        if case .here(let file, let place) = entry.settings {
            guard entry.variable == nil else {
                throw HostError(
                    code: .settings,
                    message: "\(entry.place): 'variable' passes on a settings module, but 'settings' names none")
            }
            application.settingsFile = file
            application.settingsKey = place
        } else {
            application.settingsModule = try self.settingsModule(entry, description)
            if let path = try application.settingsModule?.file(below: self.folders) {
                seen.note(path)
                application.settingsFile = try SettingsFile(path: path, trust: self.trust)
            }
        }
        application.variable = self.variable(entry, application.settingsModule)
        let templates = try TemplateFolders(entry.templates + self.templates, of: entry.place, seen: &seen)
        application.templates = templates.paths
        application.declaredSettings = DatabaseSettings.values(of: try self.databases(of: entry))
            .merging(templates.values) { $1 }
        application.settings = try ApplicationSettings(
            application.settingsFile, at: application.settingsKey, folder: image.folder,
            others: application.hostSettings)
        return application
    }

    /// The databases of an application, with their passwords.
    private func databases(of entry: ApplicationEntry) throws -> [DatabaseSettings] {
        let names = entry.databases ?? self.databases.map(\.name)
        return try names.map { name in
            guard let database = self.databases.first(where: { $0.name == name }) else {
                let near = NearestName.to(name, among: self.databases.map(\.name))
                let hint =
                    near.isEmpty
                    ? "declare it in 'databases'" : "did you mean '\(near.joined(separator: "' or '"))'?"
                throw HostError(
                    code: .settings, message: "\(entry.place): 'databases': there is no database '\(name)'; \(hint)")
            }
            return try DatabaseSettings(database, trust: self.trust, variable: self.variable)
        }
    }

    /// Chooses the settings module by Django's rule: the environment, then the operator, then the module. A name on the
    /// command line overrides all of them.
    private func settingsModule(_ entry: ApplicationEntry, _ description: ModuleDescription) throws -> SettingsModule? {
        let moduleDefault = description.settings.isEmpty ? nil : description.settings
        if entry.isRequired {
            guard self.readsSettings else { return nil }
            return try SettingsModule.chosen(
                option: self.settings, environment: self.variable(SettingsModule.variable),
                moduleDefault: moduleDefault, folders: self.folders)
        }
        if let variable = entry.variable, let value = self.variable(variable), !value.isEmpty {
            return SettingsModule(name: value, origin: .environment, source: variable)
        }
        if case .named(let name, let place) = entry.settings {
            return SettingsModule(name: name, origin: .option, source: place)
        }
        return moduleDefault.map { SettingsModule(name: $0, origin: .module) }
    }

    /// The variable to set in a process that loads the application, before its first thread; nil if there is none.
    private func variable(_ entry: ApplicationEntry, _ module: SettingsModule?) -> PreparedApplication.Variable? {
        guard let module, module.origin != .environment,
            let name = entry.isRequired ? SettingsModule.variable : entry.variable
        else { return nil }
        return PreparedApplication.Variable(name: name, value: module.name)
    }

    private func variable(_ name: String) -> String? {
        guard let environment else { return getenv(name).map { String(cString: $0) } }
        return environment[name]
    }
}
