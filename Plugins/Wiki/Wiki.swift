import ASGI

/// An encyclopedia: Markdown entries that everyone can read, and edit if the settings allow it.
struct Wiki: Sendable {
    let site: Site
    let folder: EntryFolder
    let writers = WriteQueue()

    /// Reads the settings and opens the folder of entries; a new folder gets a few entries.
    init(_ lifespan: LifespanScope) throws {
        let settings = try lifespan.settings(WikiSettings.self)
        self.site = Site(settings, links: lifespan.links)
        do {
            self.folder = try EntryFolder(
                path: settings.folder(lifespan), largest: settings.largestEntry, mayWrite: settings.mayEdit
            )
            if self.folder.wasCreated { try Welcome.write(to: self.folder) }
        } catch {
            throw SettingsError(key: "entries", message: "found '\(settings.entries)'; \(error)")
        }
    }
}
