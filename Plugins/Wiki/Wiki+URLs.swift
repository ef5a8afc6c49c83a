import ASGI

/// The URL table. A title is the rest of the path and may contain slashes.
extension Wiki: URLApplication {
    static let urls = URLTable<Wiki>(
        URLRow("", "index", Wiki.index),
        URLRow("wiki/<path:title>", "entry", Wiki.entry),
        URLRow("search?<str:q=>", "search", Wiki.search),
        URLRow("new?<str:title=>", "new", Wiki.newEntry),
        URLRow("POST new", "", Wiki.create),
        URLRow("edit/<path:title>", "edit", Wiki.editForm),
        URLRow("POST edit/<path:title>", "", Wiki.edit),
        URLRow("history/<path:title>", "history", Wiki.history),
        URLRow("version/<int:number>/<path:title>", "version", Wiki.version),
        URLRow("POST restore/<path:title>", "restore", Wiki.restore),
        URLRow("random", "random", Wiki.random),
        URLRow("changes", "changes", Wiki.changes),
        URLRow("style.css", "style", Wiki.style)
    )

    /// Adds the security headers to every response, and turns errors into pages of the wiki.
    func answer(
        _ request: ViewRequest, _ view: () async throws -> HTTPResponse?
    ) async throws -> HTTPResponse? {
        var response: HTTPResponse?
        do {
            try self.refuseUnlessMayPost(request.scope)
            response = try await view()
        } catch let error as EntryError {
            if case .failed(let reason) = error { request.scope.log(.error, reason) }
            response = self.site.answer(to: error)
        } catch let error as HTTPError {
            var page = self.site.message(error.message, status: error.status)
            for header in error.headers { page.headers.append(header.name, header.value) }
            response = page
        }
        for header in Site.securityHeaders { response?.headers.append(header.name, header.value) }
        return response
    }

    private func refuseUnlessMayPost(_ scope: HTTPScope) throws(HTTPError) {
        guard scope.method == "POST" else { return }
        guard !CrossSitePost.isOne(scope.headers) else {
            throw HTTPError(403, "This form was posted by a page of another site; nothing was changed.")
        }
        try self.refuseUnlessEditable()
    }
}
