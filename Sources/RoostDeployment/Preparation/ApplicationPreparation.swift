import Glibc
import ModuleRuntime
package import RoostModules
package import RoostSettings
package import RoostSystem

/// Checks, copies and probes the files of applications, and reads their settings: all that can be done, and refused, before a
/// byte of them is mapped into this process. Applications of one file share its copy; one child process loads all that are new.
package struct ApplicationPreparation: Sendable {
    package typealias Outcome = Result<PreparedApplication, HostError>

    /// Folder that dotted names, of modules and of settings, are looked up below.
    package var folder = "."
    /// Others in which they are looked up after it: the drop-in folders.
    package var otherFolders: [String] = []
    /// The settings module of the command line's application, as the operator names it.
    package var settings: String?
    /// The environment that may name settings modules; nil: that of the process at the time.
    package var environment: [String: String]?
    /// Whether the command line's application has a settings file.
    package var readsSettings = true
    package var trust = FileTrust()
    /// Nil: no child loads them first, their descriptions are asked when they are loaded.
    package var probe: ModuleProbe?
    /// What a process that loads them becomes first: for those of no group, and of groups that have their own.
    package var privileges = Privileges()
    package var groupPrivileges: [String: Privileges] = [:]

    package init() {}

    private var folders: [String] { [self.folder] + self.otherFolders }

    /// The one of a command line. Throws `HostError`: one line that names file, field and mend.
    package func prepare(_ module: ModuleName, run: RunDirectory) throws -> PreparedApplication {
        try self.prepare([ApplicationEntry(commandLine: module)], run: run)[0].get()
    }

    /// Says of each whether it can be had, in their order. `known`: copies that need not be made and probed again.
    package func prepare(
        _ entries: [ApplicationEntry], run: RunDirectory, known: [PreparedApplication] = []
    ) -> [Outcome] {
        var seen = FileMarks()
        return self.prepare(entries, run: run, known: known, seen: &seen)
    }

    /// The same. `seen`: notes the state of each file before the file is read.
    package func prepare(
        _ entries: [ApplicationEntry], run: RunDirectory, known: [PreparedApplication], seen: inout FileMarks
    ) -> [Outcome] {
        var images: [ImageKey: LoadableImage] = [:]
        for application in known where !application.staged.isOutdated { images[application.key] = application.image }
        var files: [ImageKey: ModuleFile] = [:]
        let copies = entries.map { self.copy(of: $0, run: run, images: &images, files: &files, seen: &seen) }
        self.probeNew(&images, Self.groups(entries, copies))
        var outcomes = zip(entries, copies).map { entry, copy in
            copy.flatMap { key in
                Outcome(catchingAsHostError: {
                    guard let image = images[key] else {
                        throw HostError(code: .module, message: "\(key.resolved): gone")
                    }
                    if let fault = image.fault { throw HostError(code: .module, message: "\(image.path): \(fault)") }
                    for library in image.staged.libraries { seen.note(library.path, library.mark) }
                    return try self.readSettings(entry, key, image, &seen)
                })
            }
        }
        self.separate(&outcomes, from: known, files, run)
        return outcomes
    }

    /// A generation has an image of its own: what is to be configured otherwise is loaded anew, unless another application that is as it was
    /// shares the image.
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
                outcomes[at] = Outcome(catchingAsHostError: { application.loading(try image.get()) })
            }
        }
    }

    /// Finds the file, checks it, and copies it where that has not been done.
    private func copy(
        of entry: ApplicationEntry, run: RunDirectory, images: inout [ImageKey: LoadableImage],
        files: inout [ImageKey: ModuleFile], seen: inout FileMarks
    ) -> Result<ImageKey, HostError> {
        Result(catchingAsHostError: {
            // Also where there is no file yet.
            if case .path(let path) = entry.module.place { seen.note(path) }
            let path = try ModuleLocator(folders: self.folders).path(of: entry.module)
            seen.note(path)
            let file = try ModuleFile(path: path, symbol: entry.module.symbol, trust: self.trust)
            let key = ImageKey(resolved: file.resolved, hash: "\(file.hash)", symbol: entry.module.symbol)
            files[key] = file
            guard images[key] == nil else { return key }
            // The same bytes are copied once, whatever symbols are asked of them.
            let twin = images.first { $0.key.resolved == key.resolved && $0.key.hash == key.hash }?.value
            images[key] = try twin ?? self.image(of: file, named: path, run)
            images[key]?.description = nil
            images[key]?.fault = nil
            return key
        })
    }

    /// Copies the file, when its libraries can stand beside those of this program, which every worker has too.
    private func image(of file: ModuleFile, named path: String, _ run: RunDirectory) throws -> LoadableImage {
        let image = try LoadableImage(file, named: path, in: run, trust: self.trust)
        do {
            try LoadedNames.check(image.staged.libraries, but: run.boot)
        } catch { throw HostError(code: .module, message: "\(path): \(HostError(error).message)") }
        return image
    }

    /// The group that has each image first.
    private static func groups(
        _ entries: [ApplicationEntry], _ copies: [Result<ImageKey, HostError>]
    ) -> [ImageKey: String] {
        var groups: [ImageKey: String] = [:]
        for (entry, copy) in zip(entries, copies) {
            if case .success(let key) = copy, groups[key] == nil { groups[key] = entry.group }
        }
        return groups
    }

    /// One child for all that are to be loaded by processes of the same kind.
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

    /// Modules that one process can load, side by side: libraries of one name are not the same in two of them.
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
        _ entry: ApplicationEntry, _ key: ImageKey, _ image: LoadableImage, _ seen: inout FileMarks
    ) throws -> PreparedApplication {
        let description = image.description ?? ModuleDescription()
        var application = PreparedApplication(entry, key, image)
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
        application.settings = try ApplicationSettings(
            application.settingsFile, at: application.settingsKey, folder: image.folder)
        return application
    }

    /// By Django's rule: what the environment says stands, then the operator, then the module; but what the command line names goes
    /// before all of them.
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

    /// What is to be set before the first thread of whoever loads it; nil: nothing is.
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
