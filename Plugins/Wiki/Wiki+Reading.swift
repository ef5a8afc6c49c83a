import ASGI

/// What is asked for with GET. Files are read off the loop.
extension Wiki {
    /// How many changes the page of recent ones has.
    private static let recentChanges = 50

    func read(_ route: Route, _ scope: HTTPScope, _ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        switch route {
        case .index: return try await self.index(scope, site)
        case .entry(let title):
            let title = try EntryTitle(title)
            return site.entry(try await offLoop { () throws(EntryError) in try folder.entry(title) })
        case .search: return try await self.search(scope.query["q"] ?? "", site)
        case .new:
            try self.refuseUnlessEditable()
            return site.newEntry(title: scope.query["title"] ?? "", text: "")
        case .edit(let title):
            try self.refuseUnlessEditable()
            let title = try EntryTitle(title)
            return site.edit(try await offLoop { () throws(EntryError) in try folder.entry(title) })
        case .history(let title):
            let title = try EntryTitle(title)
            let (entry, changes) = try await offLoop { () throws(EntryError) in
                (try folder.entry(title), try folder.history(title))
            }
            return site.history(entry, changes)
        case .version(let title, let number):
            let title = try EntryTitle(title)
            let (version, current) = try await offLoop { () throws(EntryError) in
                (try folder.version(title, number), try folder.entry(title))
            }
            return site.version(version, current: current)
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
        let size = self.settings.entriesAPage
        let pages = max(1, (titles.count + size - 1) / size)
        let asked = scope.query["page"]
        guard let page = asked.map({ Int($0) }) ?? 1, 1...pages ~= page else {
            throw HTTPError(404, "There is no page \(asked ?? "") of the index.")
        }
        let first = (page - 1) * size
        return site.index(
            Array(titles[first..<min(first + size, titles.count)]), of: titles.count, page: page, pages: pages
        )
    }

    /// An exact hit leads to its entry.
    private func search(_ text: String, _ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        let hits = try await offLoop { () throws(EntryError) in try folder.search(text) }
        if let exact = hits.exact { return .redirect(to: site.link(.entry(exact.text)), status: 302) }
        return site.search(text, hits.partial)
    }

    private func random(_ site: Site) async throws -> HTTPResponse {
        let folder = self.folder
        let title = try await offLoop { () throws(EntryError) in try folder.titles() }.randomElement()
        var response = HTTPResponse.redirect(to: site.link(title.map { .entry($0.text) } ?? .index), status: 302)
        response.headers.append("cache-control", "no-store")
        return response
    }
}
