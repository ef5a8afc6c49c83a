import CASGI

/// A row of a table: a pattern, and the view that answers what fits. `asgi_urls.h` says what patterns are.
///
/// ```swift
/// URLRow("articles/<int:year>/<slug:slug>/", "article", Articles.article)
/// URLRow("comments/<int:of>/ form <str:author>&<str:text=>", "comment", Articles.comment)
/// ```
public struct URLRow<App: URLApplication>: Sendable {
    /// A view whose arguments are bound: it takes the application and the request.
    typealias Answer = @Sendable (App, ViewRequest) async throws -> HTTPResponse?

    let pattern: String
    let name: String
    /// Letters of the view's arguments.
    let kinds: [UInt8]
    /// Copies the arguments, which the host lends.
    let decode: @Sendable (UnsafePointer<asgi_argument>) -> Answer
    /// Instead of a view: rows whose patterns follow behind this one's.
    let included: [URLRow]?

    /// `view`: a method of the application, whose types of arguments have to be those of the pattern. Nil: it has answered by `request.send`.
    // Swift 6.3 aborts where it optimises a pack over the borders of modules (`forAbstract` in CrossModuleOptimization).
    @_semantics("optimize.no.crossmodule")
    public init<each Value: URLValue>(
        _ pattern: String, _ name: String = "",
        _ view: @escaping @Sendable (App) -> @Sendable (ViewRequest, repeat each Value) async throws -> HTTPResponse?
    ) {
        self.pattern = pattern
        self.name = name
        var kinds: [UInt8] = []
        repeat kinds.append((each Value).kind)
        self.kinds = kinds
        self.included = nil
        self.decode = { arguments in
            var next = arguments
            func value<Taken: URLValue>(_ type: Taken.Type) -> Taken {
                defer { next += 1 }
                return Taken(next.pointee)
            }
            let values = (repeat value((each Value).self))
            return { application, request in try await view(application)(request, repeat each values) }
        }
    }

    /// Rows whose patterns follow behind `prefix`, which is a path. Their names are `name:theirs`, where there is one.
    public static func include(_ prefix: String, _ name: String = "", _ rows: URLRow...) -> URLRow {
        URLRow(including: rows, prefix, name)
    }

    private init(including rows: [URLRow], _ prefix: String, _ name: String) {
        self.pattern = prefix
        self.name = name
        self.kinds = []
        self.decode = { _ in { _, _ in nil } }
        self.included = rows
    }
}
