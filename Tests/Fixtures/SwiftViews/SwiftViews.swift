public import ASGI

/// The same table as in `ViewTable.c` and `ViewTable.cpp`.
struct SwiftViews: URLApplication {
    static let urls = URLTable<SwiftViews>(
        URLRow("", "index", SwiftViews.index),
        URLRow("articles/<int:year>/<slug:slug>/", "article", SwiftViews.article),
        .include(
            "in/", "in",
            URLRow("<float:number>-<uuid:uuid>", "numbers", SwiftViews.numbers),
            URLRow("below/<path:path>", "below", SwiftViews.below)),
        URLRow("search?<str:text>&<int:page=1>", "search", SwiftViews.search),
        URLRow("notes form <str:text>", "", SwiftViews.note),
        URLRow("orders json <str:title>&<int:copies=1>", "", SwiftViews.order),
        URLRow("echo body", "", SwiftViews.echo),
        URLRow("links?<str:text>", "", SwiftViews.links)
    )

    init(_ lifespan: LifespanScope) throws {}

    func index(_ request: ViewRequest) -> HTTPResponse { .text("index") }
    func article(_ request: ViewRequest, _ year: Int64, _ slug: String) -> HTTPResponse { .text("\(slug) of \(year)") }
    func numbers(_ request: ViewRequest, _ number: Double, _ uuid: UUIDBytes) -> HTTPResponse {
        .text("\(number) \(uuid.bytes[0]) \(uuid.bytes[15])")
    }
    func below(_ request: ViewRequest, _ path: Subpath) -> HTTPResponse { .text("below \(path.text)") }
    func search(_ request: ViewRequest, _ text: String, _ page: Int) async throws -> HTTPResponse {
        // Suspends first: the arguments must be copies by then.
        try await request.scope.sleep(for: .milliseconds(1))
        return .text("'\(text)' \(page)")
    }
    func note(_ request: ViewRequest, _ text: String) -> HTTPResponse { .text("noted '\(text)'") }
    func order(_ request: ViewRequest, _ title: String, _ copies: Int) -> HTTPResponse { .text("\(copies) '\(title)'") }
    func echo(_ request: ViewRequest) async throws -> HTTPResponse? {
        try await request.send(.text(String(decoding: request.body, as: UTF8.self)))
        return nil
    }
    func links(_ request: ViewRequest, _ text: String) -> HTTPResponse {
        let links = request.links
        let paths = [
            links.path(to: "index"), links.path(to: "article", 7, text), links.path(to: "in:below", Subpath(text)),
            links.path(to: "none"),
        ]
        return .text(paths.map { "[\($0 ?? "")]" }.joined())
    }
}

let description = ModuleDescription(name: "views", version: "1.0", urls: SwiftViews.self)

@c public func asgi_module_info() -> CModule { description.pointer }
@c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    SwiftViews.call(scope, receive, send)
}
