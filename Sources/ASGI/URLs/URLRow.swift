import CASGI

/// A row of a URL table: a pattern, and the view for paths that match it. `asgi_urls.h` documents patterns.
///
/// ```swift
/// URLRow("articles/<int:year>/<slug:slug>/", "article", Articles.article)
/// URLRow("comments/<int:of>/ form <str:author>&<str:text=>", "comment", Articles.comment)
/// ```
public struct URLRow<App: URLApplication>: Sendable {
    /// A view with its arguments bound. Takes the application and the request.
    typealias Answer = @Sendable (App, ViewRequest) async throws -> HTTPResponse?

    let pattern: String
    let name: String
    /// The kinds of the view's arguments, one letter each.
    let kinds: [UInt8]
    /// Binds the arguments, which it copies: the host lends them for the call.
    let decode: @Sendable (UnsafePointer<asgi_argument>) -> Answer
    /// Included rows, instead of a view. This row's pattern is the prefix of theirs.
    let included: [URLRow]?

    /// Creates a row. `view`: a method of the application, whose arguments must have the types of the pattern. It
    /// returns nil if it has responded with `request.send`.
    // Swift 6.3 aborts when it optimises a parameter pack across modules (`forAbstract` in CrossModuleOptimization).
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

    /// Includes rows below `prefix`, which must be a path. With a `name`, their names become `name:theirs`.
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
