import CASGI
import Glibc
import RoostModules
package import RoostPython
package import RoostSystem

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
        _ name: ModuleName, _ words: [String], folder: String, trust: FileTrust
    ) throws -> PythonApplication {
        try PythonApplication(
            name, words: words, folder: folder, options: self.options, environment: self.environment,
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

    /// Identifies the state of the sources below a folder, without reading them.
    static func fingerprint(of folder: String) -> String {
        // Packages may have the names of folders that builds write to.
        let tree = SourceTree(
            [folder], includes: ["*.py", "build", "target"], excludes: ["venv", "site-packages", "__pycache__"])
        let listing = tree.scan()
        // With more sources than are looked at, every scan counts as a change.
        guard !listing.isCut else { return "unknown-\(MonotonicClock.milliseconds)" }
        let files = listing.files.filter { $0.key.hasSuffix(".py") }
        var hasher = UInt64(0xcbf2_9ce4_8422_2325)
        for (path, mark) in files.sorted(by: { $0.key < $1.key }) {
            for byte in "\(path)\(mark.inode)\(mark.size)\(mark.changed)".utf8 {
                // FNV-1a: the value must be the same in the next process.
                hasher = (hasher ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return String(hasher, radix: 16)
    }
}
