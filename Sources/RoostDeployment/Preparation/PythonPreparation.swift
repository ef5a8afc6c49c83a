import CASGI
import Glibc
import RoostModules
package import RoostPython
import RoostSystem

/// What the preparation of Python applications needs of the command: its options, and where this executable is.
package struct PythonPreparation: Sendable {
    private let options: PythonOptions
    private let executable: String
    private let environment: [String: String]

    package init(options: PythonOptions, executable: String, environment: [String: String]) {
        self.options = options
        self.executable = executable
        self.environment = environment
    }

    /// Throws `HostError`.
    func application(
        _ name: ModuleName, _ words: [String], folder: String, source: String?, trust: FileTrust
    ) throws -> PythonApplication {
        try PythonApplication(
            name, words: words, folder: folder, source: source, options: self.options, environment: self.environment,
            executable: self.executable, trust: trust)
    }

    /// The description of the module that the bridge is for this application.
    static func description(of application: PythonApplication) -> ModuleDescription {
        var description = ModuleDescription()
        description.isGiven = true
        description.flags = ASGI_ONE_LOOP | ASGI_RELOAD_PROCESS
        description.name = application.name
        return description
    }

    /// Folders that an interpreter or an installer writes to, in addition to the usual ones.
    package static let foldersWithoutSources = ["venv", "site-packages", "__pycache__"]

    /// Identifies the state of the sources below a folder, without reading them.
    static func fingerprint(of folder: String) -> String {
        // Packages may have the names of folders that builds write to.
        let listing = SourceTree(
            [folder], includes: ["*.py", "build", "target"], excludes: self.foldersWithoutSources
        ).scan()
        // With more sources than are looked at, every scan counts as a change.
        guard !listing.isCut else { return "unknown-\(MonotonicClock.milliseconds)" }
        let files = listing.files.filter { $0.key.hasSuffix(".py") }
        let states = files.sorted { $0.key < $1.key }.map { path, mark in
            "\(path)\0\(mark.inode) \(mark.size) \(mark.changed)"
        }
        return Array(states.joined(separator: "\0").utf8).withUnsafeBytes { "\(ContentHash($0))" }
    }
}
