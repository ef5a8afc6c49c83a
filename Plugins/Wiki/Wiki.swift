import ASGI

/// An encyclopedia: entries of Markdown that everybody can read, and change where the settings allow it.
struct Wiki: Application {
    let site: Site
    let folder: EntryFolder
    let writers = WriteQueue()

    /// Reads the settings, and opens the folder of entries; a new one begins with a few of its own.
    init(_ lifespan: LifespanScope) throws {
        let settings = try lifespan.settings(WikiSettings.self)
        self.site = Site(settings, rootPath: lifespan.rootPath)
        do {
            self.folder = try EntryFolder(
                path: settings.folder(lifespan), largest: settings.largestEntry, mayWrite: settings.mayEdit
            )
            if self.folder.wasCreated { try Welcome.write(to: self.folder) }
        } catch {
            throw SettingsError(key: "entries", message: "found '\(settings.entries)'; \(error)")
        }
    }

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        var response: HTTPResponse
        do {
            response = try await self.answer(scope, receive)
        } catch let error as EntryError {
            if case .failed(let reason) = error { scope.log(.error, reason) }
            response = self.site.answer(to: error)
        } catch let error as HTTPError {
            response = self.site.message(error.message, status: error.status)
            for header in error.headers { response.headers.append(header.name, header.value) }
        }
        for header in Site.securityHeaders { response.headers.append(header.name, header.value) }
        try await send(response)
    }

    private func answer(_ scope: HTTPScope, _ receive: HTTPReceive) async throws -> HTTPResponse {
        guard let route = Route(scope.pathInfo) else { throw HTTPError(404, "There is no such page.") }
        let method = scope.method
        guard route.methods.contains(method) else {
            let allowed = route.methods.joined(separator: ", ")
            throw HTTPError(405, "This page is asked for with \(allowed).", headers: ["allow": allowed])
        }
        guard method == "POST" else { return try await self.read(route, scope) }
        guard !CrossSitePost.isOne(scope.headers) else {
            throw HTTPError(403, "This form was posted by a page of another site; nothing was changed.")
        }
        guard self.site.mayEdit else { throw HTTPError(403, "The entries of this wiki cannot be edited.") }
        return try await self.write(route, receive)
    }
}
