import ASGI

/// The layout of all pages, and their URLs.
struct Site {
    let settings: WikiSettings
    /// Builds paths from the names of pages.
    let links: Links

    init(_ settings: WikiSettings, links: Links) {
        self.settings = settings
        self.links = links
    }

    var title: String { self.settings.title }
    var mayEdit: Bool { self.settings.mayEdit }

    /// Pages run no scripts and load nothing from other sites, and no other site may frame them.
    static let securityHeaders: Headers = [
        "content-security-policy":
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
            + "frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    ]

    private static let icon =
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16'"
        + " rx='3' fill='%23225ea8'/%3E%3Cpath d='M3 4l2 8 3-6 3 6 2-8' fill='none' stroke='white' stroke-width='1.6'/%3E%3C/svg%3E"

    /// Returns the path of a page, including the mount.
    ///
    /// Returns an empty path, which links to the page itself, if the wiki has ended or a URL cannot contain the title.
    func link(_ route: Route) -> String { self.links.path(to: route.name, route.values) ?? "" }

    /// A page. `heading`: the title, and the only heading of the first level.
    func page(
        _ heading: String, at route: Route? = nil, searched: String = "", status: Int = 200, _ content: HTML
    ) -> HTTPResponse {
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(route == .index ? self.title : "\(heading) – \(self.title)")</title>
            <link rel="icon" href="\(Self.icon)">
            <link rel="stylesheet" href="\(self.link(.style))?\(Style.version)">
            </head>
            <body>
            <a class="skip" href="#content">Skip to the content</a>
            <header>
            <div class="bar">
            <a class="brand" href="\(self.link(.index))">\(self.title)</a>
            <nav aria-label="Wiki"><ul>\(self.navigation(route))</ul></nav>
            <form class="search" role="search" action="\(self.link(.search))">
            <label class="unseen" for="q">Search the titles</label>
            <input id="q" name="q" type="search" placeholder="Search" value="\(searched)" autocomplete="off">
            <button>Search</button>
            </form>
            </div>
            </header>
            <main id="content" tabindex="-1">
            <h1>\(heading)</h1>
            \(content)
            </main>
            </body>
            </html>

            """
        var response = HTTPResponse.html(page.text, status: status)
        response.headers.append("cache-control", "no-cache")
        return response
    }

    private func navigation(_ current: Route?) -> [HTML] {
        var pages: [(Route, String)] = [(.index, "Index"), (.changes, "Recent changes"), (.random, "Random")]
        if self.mayEdit { pages.append((.new, "New entry")) }
        return pages.map { route, name in
            let mark: HTML? = route == current ? #" aria-current="page""# : nil
            return #"<li><a href="\#(self.link(route))"\#(mark)>\#(name)</a></li>"#
        }
    }

    /// A page with one sentence.
    func message(_ message: String, status: Int) -> HTTPResponse {
        self.page("Sorry", status: status, "<p>\(message)</p>")
    }

    /// The page for an error.
    func answer(to error: EntryError) -> HTTPResponse {
        switch error {
        case .missing(let title): self.missing(title)
        case .noVersion: self.message("There is no such version of this entry.", status: 404)
        case .invalidTitle(let reason): self.message("This is no title: \(reason).", status: 404)
        case .conflict(let current): self.changedMeanwhile(current)
        case .exists, .tooLarge, .notText: self.message("\(error)", status: 422)
        case .busy: self.message("Others are writing: try again in a moment.", status: 503)
        case .failed: self.message("The entry could not be read or written; the log says why.", status: 500)
        }
    }

    private func missing(_ title: EntryTitle) -> HTTPResponse {
        let create: HTML? =
            self.mayEdit
            ? #"<p><a class="button" href="\#(self.link(.new))?title=\#(title.text.percentEncoded)">Write it</a></p>"#
            : nil
        return self.page(
            title.text, searched: title.text, status: 404, "<p>There is no entry of this title yet.</p>\n\(create)"
        )
    }

    private func changedMeanwhile(_ current: Entry) -> HTTPResponse {
        self.page(
            current.title.text, status: 409,
            """
            <p role="alert">Somebody has changed this entry meanwhile, so nothing was restored.</p>
            <p><a class="button" href="\(self.link(.history(current.title.text)))">Look at its history again</a></p>
            """
        )
    }
}
