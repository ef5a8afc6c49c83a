public import ASGI
import Mustache

/// A site of pages that Mustache renders: `/` is the template `index.mustache`, `/about` is `about.mustache`.
///
/// The templates are read at startup: a changed one is a new version of the application.
struct Pages: Application {
    struct Settings: Decodable {
        var title: String?
    }

    private let templates: MustacheLibrary
    private let title: String

    init(_ lifespan: LifespanScope) async throws {
        self.title = try lifespan.settings(Settings.self).title ?? "Pages"
        guard let folder = lifespan.templateFolders.first else { throw NoTemplates() }
        do {
            self.templates = try await MustacheLibrary(directory: folder)
        } catch let error as MustacheLibrary.ParserError { throw MalformedTemplate(folder: folder, error: error) }
    }

    struct NoTemplates: Error, CustomStringConvertible {
        let description = "no templates are declared; add the key 'templates' to the entry"
    }

    struct MalformedTemplate: Error, CustomStringConvertible {
        let folder: String
        let error: MustacheLibrary.ParserError

        var description: String {
            let place = self.error.context
            return """
                \(self.folder)/\(self.error.filename):\(place.lineNumber): \(self.error.error)
                \(place.line)
                """
        }
    }

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        guard ["GET", "HEAD"].contains(scope.method) else { throw HTTPError(405, headers: ["allow": "GET, HEAD"]) }
        let name = scope.pathInfo == "/" ? "index" : String(scope.pathInfo.dropFirst())
        let values = ["title": self.title, "visitor": scope.query["name"] ?? "visitor"]
        // The layout is a part of the pages.
        guard name != "layout", let page = self.templates.render(values, withTemplate: name) else {
            throw HTTPError(404)
        }
        try await send(.html(page))
    }
}

@c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    Pages.call(scope, receive, send)
}
