import ASGI

/// An encyclopedia: entries of Markdown that everybody can read, and change where the settings allow it.
struct Wiki: Application {
    let settings: WikiSettings
    let folder: EntryFolder
    let writers = WriteQueue()

    /// Reads the settings, and opens the folder of entries; a new one begins with a few of its own.
    init(_ lifespan: LifespanScope) throws {
        self.settings = try lifespan.settings(WikiSettings.self)
        do {
            self.folder = try EntryFolder(
                path: self.settings.folder(lifespan), largest: self.settings.largestEntry,
                mayWrite: self.settings.mayEdit
            )
            if self.folder.wasCreated { try Welcome.write(to: self.folder) }
        } catch {
            throw SettingsError(key: "entries", message: "found '\(self.settings.entries)'; \(error)")
        }
    }

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        let mount = scope.rootPath.split(separator: "/", omittingEmptySubsequences: false)
        let site = Site(
            title: self.settings.title, rootPath: mount.map { String($0).percentEncoded }.joined(separator: "/"),
            mayEdit: self.settings.mayEdit, entriesAPage: self.settings.entriesAPage
        )
        var response: HTTPResponse
        do {
            response = try await self.answer(scope, receive, site)
        } catch let error as EntryError {
            if case .failed(let reason) = error { scope.log(.error, reason) }
            response = site.answer(to: error)
        } catch let error as HTTPError {
            response = site.message(error.message, status: error.status)
            for header in error.headers { response.headers.append(header.name, header.value) }
        }
        for header in Site.securityHeaders { response.headers.append(header.name, header.value) }
        try await send(response)
    }

    private func answer(_ scope: HTTPScope, _ receive: HTTPReceive, _ site: Site) async throws -> HTTPResponse {
        guard let route = Route(scope.pathInfo) else { throw HTTPError(404, "There is no such page.") }
        let method = scope.method
        guard route.methods.contains(method) else {
            let allowed = route.methods.joined(separator: ", ")
            throw HTTPError(405, "This page is asked for with \(allowed).", headers: ["allow": allowed])
        }
        guard method == "POST" else { return try await self.read(route, scope, site) }
        guard !CrossSitePost.isOne(scope.headers) else {
            throw HTTPError(403, "This form was posted by a page of another site; nothing was changed.")
        }
        guard self.settings.mayEdit else { throw HTTPError(403, "The entries of this wiki cannot be edited.") }
        return try await self.write(route, receive, site)
    }
}
