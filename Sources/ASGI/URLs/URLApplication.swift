public import CASGI

/// An application whose requests are answered by views. The host finds the view of a request in a table of URLs.
///
/// ```swift
/// struct Articles: URLApplication {
///     static let urls = URLTable<Articles>(
///         URLRow("", "index", Articles.index),
///         URLRow("articles/<int:year>/<slug:slug>/", "article", Articles.article))
///
///     init(_ lifespan: LifespanScope) throws {}
///
///     func index(_ request: ViewRequest) async throws -> HTTPResponse { .text("Hello") }
///     func article(_ request: ViewRequest, year: Int, slug: String) async throws -> HTTPResponse {
///         .text("\(slug) of \(year)")
///     }
/// }
///
/// let description = ModuleDescription(name: "articles", urls: Articles.self)
///
/// @c public func asgi_module_info() -> CModule { description.pointer }
/// @c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
///     Articles.call(scope, receive, send)
/// }
/// ```
public protocol URLApplication: Application {
    /// The URL table. Lives as long as the process.
    static var urls: URLTable<Self> { get }

    /// Wraps every view and every refusal. `view` calls the view, or throws the refusal as an `HTTPError`.
    ///
    /// For common headers, the application's own error pages, or permissions. Threads and cancellation are as in
    /// `Application.http`. Returns nil if the view has responded with `request.send`.
    func answer(_ request: ViewRequest, _ view: () async throws -> HTTPResponse?) async throws -> HTTPResponse?
}

extension URLApplication {
    /// Returns the view's response.
    public func answer(
        _ request: ViewRequest, _ view: () async throws -> HTTPResponse?
    ) async throws -> HTTPResponse? {
        try await view()
    }

    /// Throws `HTTPError(404)`. `URLApplication.call` never calls it: views answer the requests.
    public func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        throw HTTPError(404)
    }

    /// The body of the module's exported `application` function. Views answer its requests.
    public static func call(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
        switch scope.pointee.type {
        case ASGI_HTTP: asgi_call_urls(Self.urls.pointer, scope, receive, send)
        case ASGI_WEBSOCKET: WebSocketCall.start(Self.self, scope, receive, send)
        case ASGI_LIFESPAN: LifespanCall.start(Self.self, scope, receive, send)
        default: ASGI_UNSUPPORTED
        }
    }
}
