import ASGI

/// Views for GET. Reading files and rendering long texts happen off the event loop.
extension Wiki {
    /// Maximum number of changes on the page of recent changes.
    private static let recentChanges = 50

    func index(_ request: ViewRequest) async throws -> HTTPResponse {
        let titles = try await runBlocking { () throws(EntryError) in try self.folder.titles() }
        let paging = try Paging(
            request.scope.query["page"], count: titles.count, size: self.site.settings.entriesAPage)
        return self.site.index(titles, paging)
    }

    func entry(_ request: ViewRequest, _ title: Subpath) async throws -> HTTPResponse {
        let title = try EntryTitle(title.text)
        return try await runBlocking { () throws(EntryError) in self.site.entry(try self.folder.entry(title)) }
    }

    /// Redirects to the entry if its title matches exactly.
    func search(_ request: ViewRequest, _ text: String) async throws -> HTTPResponse {
        let hits = try await runBlocking { () throws(EntryError) in try self.folder.search(text) }
        if let exact = hits.exact { return .redirect(to: self.site.link(.entry(exact.text)), status: 302) }
        let paging = try Paging(
            request.scope.query["page"], count: hits.partial.count, size: self.site.settings.entriesAPage)
        return self.site.search(text, hits.partial, paging)
    }

    func newEntry(_ request: ViewRequest, _ title: String) async throws -> HTTPResponse {
        try self.refuseUnlessEditable()
        return self.site.newEntry(title: title, text: "")
    }

    func editForm(_ request: ViewRequest, _ title: Subpath) async throws -> HTTPResponse {
        try self.refuseUnlessEditable()
        let title = try EntryTitle(title.text)
        return try await runBlocking { () throws(EntryError) in self.site.edit(try self.folder.entry(title)) }
    }

    func history(_ request: ViewRequest, _ title: Subpath) async throws -> HTTPResponse {
        let title = try EntryTitle(title.text)
        let (entry, changes) = try await runBlocking { () throws(EntryError) in
            (try self.folder.entry(title), try self.folder.history(title))
        }
        let paging = try Paging(
            request.scope.query["page"], count: changes.count, size: self.site.settings.entriesAPage)
        return self.site.history(entry, changes, paging)
    }

    func version(_ request: ViewRequest, _ number: Int, _ title: Subpath) async throws -> HTTPResponse {
        let title = try EntryTitle(title.text)
        return try await runBlocking { () throws(EntryError) in
            self.site.version(try self.folder.version(title, number), current: try self.folder.entry(title))
        }
    }

    func changes(_ request: ViewRequest) async throws -> HTTPResponse {
        self.site.changes(
            try await runBlocking { () throws(EntryError) in try self.folder.changes(limit: Self.recentChanges) })
    }

    func style(_ request: ViewRequest) async throws -> HTTPResponse { Style.response }

    func refuseUnlessEditable() throws(HTTPError) {
        if !self.site.mayEdit { throw HTTPError(403, "The entries of this wiki cannot be edited.") }
    }

    func random(_ request: ViewRequest) async throws -> HTTPResponse {
        let title = try await runBlocking { () throws(EntryError) in try self.folder.titles() }.randomElement()
        var response = HTTPResponse.redirect(to: self.site.link(title.map { .entry($0.text) } ?? .index), status: 302)
        response.headers.append("cache-control", "no-store")
        return response
    }
}
