import Glibc
package import RoostSystem

/// A settings file in YAML 1.2 or JSON (a subset of YAML): a tree of values with line numbers.
package struct SettingsFile: Sendable {
    package let path: String
    /// The absolute path without symbolic links; nil if unknown.
    package let resolved: String?
    package let text: String
    package let root: SettingsMap

    /// Reads and parses a file. It must be trusted as a library is: it can name libraries, users and commands. Throws
    /// `HostError` with the file, the line and what to do.
    package init(path: String, trust: FileTrust) throws {
        let text: String
        do throws(TrustedText.Fault) {
            text = try TrustedText.read(path, largest: Self.largest, trust: trust)
        } catch {
            throw HostError(code: .settings, message: error.message(named: path, hint: Self.hint))
        }
        let resolved = realpath(path, nil).map { resolved in
            defer { free(resolved) }
            return String(cString: resolved)
        }
        try self.init(path: path, resolved: resolved, text: text)
    }

    /// Parses text that was read before. Throws `HostError` with the file, the line and what to do.
    package init(path: String, resolved: String?, text: String) throws {
        self.path = path
        self.resolved = resolved
        self.text = text
        let root: SettingsNode?
        do throws(YAMLFault) {
            root = try YAMLReader.read(text)
        } catch { throw Self.error(path, error.line, error.message) }
        guard let root, !root.isNull else {
            self.root = SettingsMap()
            return
        }
        guard let map = root.map else {
            throw Self.error(path, root.line, "found \(root.kindWords) instead of a map of keys and values")
        }
        self.root = map
    }

    /// An error with file and line. `message` may quote the file.
    package static func error(_ path: String, _ line: Int?, _ message: String) -> HostError {
        HostError(code: .settings, message: "\(self.place(path, line)): \(ShownText.of(message, most: 1000))")
    }

    package static func place(_ path: String, _ line: Int?) -> String { "\(path)\(line.map { ":\($0)" } ?? "")" }

    /// Maximum size of a settings file, in bytes.
    package static let largest = 4 << 20

    private static func hint(_ fault: TrustedText.Fault) -> String {
        switch fault {
        case .folder, .special: "; name a settings file"
        case .tooLarge: "; is it a settings file?"
        case .notUTF8: "; save it as UTF-8"
        case .exposed, .unreadable, .untrusted: ""
        }
    }
}
