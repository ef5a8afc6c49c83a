public import CASGI

/// An application: made when it starts up, asked to answer requests until it shuts down.
///
/// What the value holds is its state, typed: `init` makes it from the lifespan and its settings, and every request is
/// answered by that one value. So it is `Sendable`: requests of several event loops are answered at the same time.
///
/// ```swift
/// import ASGI
///
/// struct Greeting: Application {
///     let text: String
///
///     init(_ lifespan: LifespanScope) throws {
///         self.text = lifespan.setting("greeting") ?? "Hello, World!"
///     }
///
///     func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
///         try await send(.text(self.text))
///     }
/// }
///
/// @c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
///     Greeting.call(scope, receive, send)
/// }
/// ```
public protocol Application: Sendable {
    /// Startup. What it throws refuses the start, with its description as the reason; a `SettingsError` is given file and
    /// line by the host. Begins on the application's control thread, where blocking is fine; after a suspension it is on
    /// Swift's own threads.
    init(_ lifespan: LifespanScope) async throws

    /// Answers one request. Begins on the request's event loop, which everybody else on it waits for: it must not block
    /// (`offLoop` runs what does). After a suspension it goes on on the same loop. Its task is cancelled when the host's time for
    /// the request is up and it waits in `receive` or `send`. An `AnsweringError` that it throws
    /// before the response has started becomes the answer, any other a 500 and a line in the log.
    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws

    /// Answers one WebSocket: accepts or rejects it, receives and sends until it ends. Where and how it runs is as with `http`.
    /// Returning closes it with 1000, throwing with 1011 (403 and 500 before it was accepted; an `AnsweringError` becomes
    /// the answer). An application without one rejects them all.
    func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws

    /// Shutdown: after the last request, on Swift's own threads. What it throws is logged by the host.
    func shutdown() async throws
}

extension Application {
    /// Nothing is to be done.
    public func shutdown() async throws {}

    /// There are no WebSockets here.
    public func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws {
        try await send(.close())
    }

    /// The body of the module's `application`: the barrier that nothing thrown crosses.
    ///
    /// ```swift
    /// @c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    ///     Greeting.call(scope, receive, send)
    /// }
    /// ```
    public static func call(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
        switch scope.pointee.type {
        case ASGI_HTTP: HTTPCall.start(Self.self, scope, receive, send)
        case ASGI_WEBSOCKET: WebSocketCall.start(Self.self, scope, receive, send)
        case ASGI_LIFESPAN: LifespanCall.start(Self.self, scope, receive, send)
        default: ASGI_UNSUPPORTED
        }
    }
}

/// The first argument of a module's `application`, in C: `const asgi_scope *`.
public typealias CScope = UnsafePointer<asgi_scope>
/// The second: `asgi_receive`.
public typealias CReceive = asgi_receive
/// The third: `asgi_send`.
public typealias CSend = asgi_send
/// What it returns: `asgi_result`.
public typealias CResult = asgi_result
/// What a module's `asgi_module_info` returns: `const asgi_module *`.
public typealias CModule = UnsafePointer<asgi_module>
