import ASGI

/// Which URL is answered by what. A title is all that follows, with the slashes that it may have.
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

    /// Every answer has the headers that keep a page at home; what goes wrong is a page of the wiki's own.
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
