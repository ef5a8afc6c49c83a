import Glibc
import RoostSystem

/// Finds the interpreter that runs a Python application.
package enum PythonInterpreter {
    /// The variables that the Python package reads (`files.py`).
    package static let packageVariables = ["ROOST_COMMAND", "ROOST_LIBRARY", "ROOST_BRIDGE"]
    /// Names the interpreter for which `roost` is installed; the command of the wheel sets it.
    package static let variable = "ROOST_DEFAULT_PYTHON"

    /// Returns the path of the interpreter: the given one, else that for which `roost` is installed, else that of
    /// `$VIRTUAL_ENV`, else that of `.venv` in the folder, else `python3` of `$PATH`. The path of a virtual environment
    /// is not resolved: Python finds the environment by it. Throws `HostError`.
    package static func path(given: String?, folder: String, environment: [String: String]) throws -> String {
        if let given { return try self.named(given, environment) }
        if let own = environment[self.variable], !own.isEmpty { return try self.named(own, environment) }
        if let active = environment["VIRTUAL_ENV"], !active.isEmpty {
            let path = "\(active)/bin/python"
            guard access(path, X_OK) == 0 else {
                throw HostError(
                    code: .usage,
                    message:
                        "$VIRTUAL_ENV: \(path): not found; unset the variable, or name an interpreter with --python")
            }
            return WorkingFolder.absolute(path)
        }
        let own = "\(folder)/.venv/bin/python"
        if access(own, X_OK) == 0 { return WorkingFolder.absolute(own) }
        guard let found = self.search("python3", environment) else {
            throw HostError(
                code: .usage,
                message:
                    "no Python interpreter: neither $VIRTUAL_ENV, \(own) nor python3 in $PATH; name one with --python")
        }
        return found
    }

    /// An interpreter that the operator names: the folder of a virtual environment, a path, or a name in `$PATH`.
    private static func named(_ given: String, _ environment: [String: String]) throws -> String {
        let inFolder = WorkingFolder.absolute(given)
        let path =
            given.contains("/") || self.isFolder(inFolder) ? inFolder : self.search(given, environment)
        guard let path, access(path, X_OK) == 0 else {
            throw HostError(code: .usage, message: "--python \(given): not found, or not executable")
        }
        guard self.isFolder(path) else { return path }
        let inside = "\(path)/bin/python"
        guard access(inside, X_OK) == 0 else {
            throw HostError(
                code: .usage, message: "--python \(given): is a folder without bin/python, so no virtual environment")
        }
        return inside
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func search(_ name: String, _ environment: [String: String]) -> String? {
        (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
