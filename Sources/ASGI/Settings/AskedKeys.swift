/// Which keys were asked for at one value and at those within it, so that the rest can be refused as unknown.
///
/// What is tried and fails counts as asked: a type may try one form after another. Of one thread.
final class AskedKeys {
    /// In the order asked, which is that of the type's properties.
    private var names: [String] = []
    private var known: Set<String> = []
    /// Whether the value was read as an object of certain keys.
    private var isKeyed = false
    private var children: [String: AskedKeys] = [:]

    func openKeyed() { self.isKeyed = true }

    func ask(_ name: String) {
        if self.known.insert(name).inserted { self.names.append(name) }
    }

    /// Those of the value at `key`.
    func child(_ key: String) -> AskedKeys {
        if let child = self.children[key] { return child }
        let child = AskedKeys()
        self.children[key] = child
        return child
    }

    /// The first key of `value`, in the order written, that nobody asked for; `path`: where the value stands.
    func unknownKey(in value: JSONValue, at path: [String] = []) -> SettingsError? {
        switch value {
        case .object(let members):
            for (key, member) in members {
                if self.isKeyed, !self.known.contains(key) { return self.unknown(key, at: path + [key]) }
                if let error = self.children[key]?.unknownKey(in: member, at: path + [key]) { return error }
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                let key = "\(index)"
                if let error = self.children[key]?.unknownKey(in: element, at: path + [key]) { return error }
            }
        case .null, .bool, .number, .string: break
        }
        return nil
    }

    private func unknown(_ key: String, at path: [String]) -> SettingsError {
        let hint =
            if let nearest = Wording.nearest(to: key, among: self.names) {
                "did you mean '\(Wording.shortened(nearest))'?"
            } else { "known: \(Wording.list(self.names))" }
        return SettingsError(key: path.joined(separator: "."), message: "unknown key (\(hint))")
    }
}
