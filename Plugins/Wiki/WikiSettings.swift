import ASGI

/// The settings: the keys of the settings module, which `wiki/settings.yaml` explains.
struct WikiSettings: Decodable, Sendable {
    var title = "Wiki"
    /// The folder of the entries. A relative path is relative to the folder of the settings file.
    var entries = "entries"
    var entriesAPage = 100
    var mayEdit = true
    var largestEntry = 256 * 1024

    enum CodingKeys: String, CodingKey {
        case title, entries
        case entriesAPage = "entries_a_page"
        case mayEdit = "may_edit"
        case largestEntry = "largest_entry"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let title = try values.decodeIfPresent(String.self, forKey: .title) { self.title = title }
        guard 1...80 ~= self.title.count, !self.title.contains(where: \.isNewline) else {
            throw SettingsError(key: "title", message: "found '\(self.title)', expected a line of 1 to 80 characters")
        }
        if let entries = try values.decodeIfPresent(String.self, forKey: .entries) { self.entries = entries }
        guard !self.entries.isEmpty, !self.entries.utf8.contains(0) else {
            throw SettingsError(key: "entries", message: "found '\(self.entries)', expected the path of a folder")
        }
        if let number = try values.decodeIfPresent(Int.self, forKey: .entriesAPage, in: 1...1000) {
            self.entriesAPage = number
        }
        if let mayEdit = try values.decodeIfPresent(Bool.self, forKey: .mayEdit) { self.mayEdit = mayEdit }
        if let bytes = try values.decodeIfPresent(Int.self, forKey: .largestEntry, in: 1024...(1 << 20)) {
            self.largestEntry = bytes
        }
    }

    /// Returns the path of the folder of entries.
    func folder(_ lifespan: LifespanScope) -> String {
        guard !self.entries.hasPrefix("/") else { return self.entries }
        let base = lifespan.settingsFile.flatMap { file in file.lastIndex(of: "/").map { String(file[..<$0]) } }
        return "\(base ?? lifespan.folder ?? ".")/\(self.entries)"
    }
}
