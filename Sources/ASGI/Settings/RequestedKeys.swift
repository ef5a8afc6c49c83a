/// The keys that a type asked for at one value and at the values within it. All other keys are refused as unknown.
///
/// A key counts even if its decoding failed, since a type may try several forms. Not thread-safe.
final class RequestedKeys {
    /// In the order asked for, which is that of the type's properties.
    private var names: [String] = []
    private var known: Set<String> = []
    /// Whether the value was decoded as an object.
    private var isKeyed = false
    private var children: [String: RequestedKeys] = [:]

    func openKeyed() { self.isKeyed = true }

    func ask(_ name: String) {
        if self.known.insert(name).inserted { self.names.append(name) }
    }

    /// Returns the keys asked for within the value at `key`.
    func child(_ key: String) -> RequestedKeys {
        if let child = self.children[key] { return child }
        let child = RequestedKeys()
        self.children[key] = child
        return child
    }

    /// Returns the error for the first key of `value`, in document order, that was not asked for; nil if there is none.
    /// `path`: the location of the value.
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
