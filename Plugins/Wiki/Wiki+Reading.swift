import ASGI

/// What is asked for with GET. Files are read, and long texts rendered, off the loop.
extension Wiki {
    /// How many changes the page of recent ones has.
    private static let recentChanges = 50

    func read(_ route: Route, _ scope: HTTPScope, _ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        switch route {
        case .index: return try await self.index(scope, site)
        case .entry(let title):
            let title = try EntryTitle(title)
            return try await offLoop { () throws(EntryError) in site.entry(try folder.entry(title)) }
        case .search: return try await self.search(scope.query, site)
        case .new:
            try self.refuseUnlessEditable()
            return site.newEntry(title: scope.query["title"] ?? "", text: "")
        case .edit(let title):
            try self.refuseUnlessEditable()
            let title = try EntryTitle(title)
            return try await offLoop { () throws(EntryError) in site.edit(try folder.entry(title)) }
        case .history(let title):
            let title = try EntryTitle(title)
            let (entry, changes) = try await offLoop { () throws(EntryError) in
                (try folder.entry(title), try folder.history(title))
            }
            return site.history(
                entry, changes, try Paging(scope.query["page"], count: changes.count, size: site.entriesAPage)
            )
        case .version(let title, let number):
            let title = try EntryTitle(title)
            return try await offLoop { () throws(EntryError) in
                site.version(try folder.version(title, number), current: try folder.entry(title))
            }
        case .random: return try await self.random(site)
        case .changes:
            return site.changes(
                try await offLoop { () throws(EntryError) in try folder.changes(limit: Self.recentChanges) })
        case .style: return Style.response
        case .restore: throw HTTPError(405)
        }
    }

    private func refuseUnlessEditable() throws(HTTPError) {
        if !self.settings.mayEdit { throw HTTPError(403, "The entries of this wiki cannot be edited.") }
    }

    private func index(_ scope: HTTPScope, _ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        let titles = try await offLoop { () throws(EntryError) in try folder.titles() }
        return site.index(titles, try Paging(scope.query["page"], count: titles.count, size: site.entriesAPage))
    }

    /// An exact hit leads to its entry.
    private func search(_ query: FormFields, _ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        let text = query["q"] ?? ""
        let hits = try await offLoop { () throws(EntryError) in try folder.search(text) }
        if let exact = hits.exact { return .redirect(to: site.link(.entry(exact.text)), status: 302) }
        let paging = try Paging(query["page"], count: hits.partial.count, size: site.entriesAPage)
        return site.search(text, hits.partial, paging)
    }

    private func random(_ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        let title = try await offLoop { () throws(EntryError) in try folder.titles() }.randomElement()
        var response = HTTPResponse.redirect(to: site.link(title.map { .entry($0.text) } ?? .index), status: 302)
        response.headers.append("cache-control", "no-store")
        return response
    }
}
