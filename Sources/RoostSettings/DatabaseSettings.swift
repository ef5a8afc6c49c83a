package import RoostSystem

/// The settings of a database as an application gets them: with the password.
package struct DatabaseSettings: Sendable, Equatable {
    package let entry: DatabaseEntry
    package let password: String?

    /// Maximum size of a file with a password, in bytes.
    private static let largest = 1 << 20

    /// Reads the password. `variable`: an environment variable of the server. Throws `HostError`.
    package init(_ entry: DatabaseEntry, trust: FileTrust, variable: (String) -> String?) throws {
        self.entry = entry
        let key = "\(entry.place): 'databases.\(entry.name)"
        switch entry.password {
        case nil: self.password = nil
        case .file(let path):
            do throws(TrustedText.Fault) {
                let text = try TrustedText.read(path, largest: Self.largest, trust: trust, isSecret: true)
                self.password = Self.withoutLineEnd(text)
            } catch {
                throw HostError(code: .settings, message: "\(key).password-file': \(error.message(named: path))")
            }
        case .environment(let name):
            guard let value = variable(name) else {
                throw HostError(
                    code: .settings, message: "\(key).password-env': the environment variable \(name) is not set")
            }
            self.password = value
        }
        guard let password, password.isEmpty || password.utf8.contains(0) else { return }
        throw HostError(code: .settings, message: "\(key)': its password is empty, or has a NUL byte")
    }

    /// A text without the end of its last line, which editors add.
    private static func withoutLineEnd(_ text: String) -> String {
        var bytes = text.utf8[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(Substring(bytes))
    }

    /// The settings of databases by dotted keys, as `setting(id, key)` returns them: `roost.databases` and
    /// `roost.databases.default` are JSON objects, `roost.databases.default.host` a text.
    package static func values(of databases: [DatabaseSettings]) -> [String: String] {
        guard !databases.isEmpty else { return [:] }
        var values: [String: String] = [:]
        var objects: [String] = []
        for database in databases {
            let key = "\(Self.key).\(database.entry.name)"
            var members: [String] = []
            for (name, value) in database.leaves {
                values["\(key).\(name)"] = value
                members.append("\(JSONString.quoted(name)):\(JSONString.quoted(value))")
            }
            let options = database.entry.options.map {
                values["\(key).options.\($0.name)"] = $0.value
                return "\(JSONString.quoted($0.name)):\(JSONString.quoted($0.value))"
            }
            values["\(key).options"] = "{\(options.joined(separator: ","))}"
            members.append("\"options\":{\(options.joined(separator: ","))}")
            values[key] = "{\(members.joined(separator: ","))}"
            objects.append("\(JSONString.quoted(database.entry.name)):\(values[key] ?? "")")
        }
        values[Self.key] = "{\(objects.joined(separator: ","))}"
        return values
    }

    package static let key = "roost.databases"

    private var leaves: [(String, String)] {
        let entry = self.entry
        return [("engine", entry.engine.rawValue), ("name", entry.database)]
            + [
                ("host", entry.host), ("port", entry.port), ("user", entry.user),
                ("password", self.password),
            ]
            .compactMap { name, value in value.map { (name, $0) } }
    }
}
