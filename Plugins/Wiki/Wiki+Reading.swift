import ASGI

/// What is asked for with GET. Files are read, and long texts rendered, off the loop.
extension Wiki {
    /// How many changes the page of recent ones has.
    private static let recentChanges = 50

    func read(_ route: Route, _ scope: HTTPScope) async throws -> HTTPResponse {
        switch route {
        case .index: return try await self.index(scope)
        case .entry(let title):
            let title = try EntryTitle(title)
            return try await offLoop { () throws(EntryError) in self.site.entry(try self.folder.entry(title)) }
        case .search: return try await self.search(scope.query)
        case .new:
            try self.refuseUnlessEditable()
            return self.site.newEntry(title: scope.query["title"] ?? "", text: "")
        case .edit(let title):
            try self.refuseUnlessEditable()
            let title = try EntryTitle(title)
            return try await offLoop { () throws(EntryError) in self.site.edit(try self.folder.entry(title)) }
        case .history(let title):
            let title = try EntryTitle(title)
            let (entry, changes) = try await offLoop { () throws(EntryError) in
                (try self.folder.entry(title), try self.folder.history(title))
            }
            return self.site.history(
                entry, changes,
                try Paging(scope.query["page"], count: changes.count, size: self.site.settings.entriesAPage)
            )
        case .version(let title, let number):
            let title = try EntryTitle(title)
            return try await offLoop { () throws(EntryError) in
                self.site.version(try self.folder.version(title, number), current: try self.folder.entry(title))
            }
        case .random: return try await self.random()
        case .changes:
            return self.site.changes(
                try await offLoop { () throws(EntryError) in try self.folder.changes(limit: Self.recentChanges) })
        case .style: return Style.response
        case .restore: throw HTTPError(405)
        }
    }

    private func refuseUnlessEditable() throws(HTTPError) {
        if !self.site.mayEdit { throw HTTPError(403, "The entries of this wiki cannot be edited.") }
    }

    private func index(_ scope: HTTPScope) async throws -> HTTPResponse {
        let titles = try await offLoop { () throws(EntryError) in try self.folder.titles() }
        return self.site.index(
            titles, try Paging(scope.query["page"], count: titles.count, size: self.site.settings.entriesAPage))
    }

    /// An exact hit leads to its entry.
    private func search(_ query: FormFields) async throws -> HTTPResponse {
        let text = query["q"] ?? ""
        let hits = try await offLoop { () throws(EntryError) in try self.folder.search(text) }
        if let exact = hits.exact { return .redirect(to: self.site.link(.entry(exact.text)), status: 302) }
        let paging = try Paging(query["page"], count: hits.partial.count, size: self.site.settings.entriesAPage)
        return self.site.search(text, hits.partial, paging)
    }

    private func random() async throws -> HTTPResponse {
        let title = try await offLoop { () throws(EntryError) in try self.folder.titles() }.randomElement()
        var response = HTTPResponse.redirect(to: self.site.link(title.map { .entry($0.text) } ?? .index), status: 302)
        response.headers.append("cache-control", "no-store")
        return response
    }
}
