import ASGI

/// Views for POST. A successful post is answered with a redirect, so that a page reload does not post again.
extension Wiki {
    private func form(of request: ViewRequest) async throws -> FormFields {
        // A line end is one byte of a text, but is posted as `%0D%0A`; the other fields are short.
        try await request.receive.body.form(upTo: 6 * self.site.settings.largestEntry + 16 * 1024)
    }

    func create(_ request: ViewRequest) async throws -> HTTPResponse {
        let form = try await self.form(of: request)
        let given = form["title"] ?? ""
        let text = form["text"] ?? ""
        do {
            let title = try EntryTitle(given)
            let entry = try await self.writers.run { () throws(EntryError) in try self.folder.create(title, text) }
            return .redirect(to: self.site.link(.entry(entry.title.text)))
        } catch let error as EntryError {
            // The form is sent back with the text, so that the writer does not lose it.
            guard error.isMendable else { throw error }
            return self.site.newEntry(title: given, text: text, refused: error)
        }
    }

    func edit(_ request: ViewRequest, _ title: Subpath) async throws -> HTTPResponse {
        let form = try await self.form(of: request)
        let title = try EntryTitle(title.text)
        guard let text = form["text"], let base = form["base"].flatMap({ EntryVersion($0) }) else {
            throw HTTPError(422, "The form lacks the text, or the version that it is based on.")
        }
        do {
            let entry = try await self.writers.run { () throws(EntryError) in
                try self.folder.edit(title, text, base: base)
            }
            return .redirect(to: self.site.link(.entry(entry.title.text)))
        } catch let error as EntryError {
            if case .conflict(let current) = error { return self.site.conflict(current, text: text) }
            guard error.isMendable else { throw error }
            let entry = try await runBlocking { () throws(EntryError) in try self.folder.entry(title) }
            return self.site.edit(entry, text: text, base: base, refused: error)
        }
    }

    func restore(_ request: ViewRequest, _ title: Subpath) async throws -> HTTPResponse {
        let form = try await self.form(of: request)
        let title = try EntryTitle(title.text)
        guard let number = form["number"].flatMap({ Int($0) }), let base = form["base"].flatMap({ EntryVersion($0) })
        else { throw HTTPError(422, "The form lacks the number of a version, or the version that is to be replaced.") }
        let entry = try await self.writers.run { () throws(EntryError) in
            try self.folder.restore(title, number, base: base)
        }
        return .redirect(to: self.site.link(.entry(entry.title.text)))
    }
}

extension EntryError {
    /// Whether the writer can correct the error in the form.
    var isMendable: Bool {
        switch self {
        case .invalidTitle, .exists, .tooLarge, .notText: true
        case .missing, .noVersion, .conflict, .failed, .busy: false
        }
    }
}
