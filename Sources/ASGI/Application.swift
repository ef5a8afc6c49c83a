public import CASGI

/// A web application: created at startup, and called for every request and WebSocket until shutdown.
///
/// The value is the application's state. `init` creates it from the lifespan and the settings, and this one value
/// answers all requests. It is `Sendable`, since several event loops call it at the same time.
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
    /// Starts the application.
    ///
    /// If it throws, the startup fails, and the error's description is the reason. For a `SettingsError` the host adds
    /// file and line. Starts on the application's control thread, where blocking is allowed. Resumes on Swift's own
    /// threads after a suspension.
    init(_ lifespan: LifespanScope) async throws

    /// Answers one request.
    ///
    /// Runs on the request's event loop, also after a suspension. It must not block, since all other connections of the
    /// loop would wait: use `runBlocking` for blocking work. The task is cancelled if the host's time limit for the request
    /// expires while the task waits in `receive` or `send`.
    ///
    /// An `AnsweringError` that is thrown before the response has started becomes the response. Any other error becomes
    /// a 500 and a log line.
    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws

    /// Answers one WebSocket: accepts or rejects it, then receives and sends messages until it ends.
    ///
    /// Threads and cancellation are as in `http`. Returning closes the WebSocket with code 1000, throwing with 1011.
    /// Before it is accepted, returning rejects it with 403 and throwing with 500; an `AnsweringError` becomes the
    /// response. The default implementation rejects every WebSocket.
    func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws

    /// Shuts the application down, after its last request. Runs on Swift's own threads. The host logs a thrown error.
    func shutdown() async throws
}

extension Application {
    /// Does nothing.
    public func shutdown() async throws {}

    /// Rejects the WebSocket with 403.
    public func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws {
        try await send(.close())
    }

    /// The body of the module's exported `application` function. No thrown error crosses the C ABI.
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

/// The first parameter of a module's `application`: `const asgi_scope *` in C.
public typealias CScope = UnsafePointer<asgi_scope>
/// The second parameter of a module's `application`: `asgi_receive` in C.
public typealias CReceive = asgi_receive
/// The third parameter of a module's `application`: `asgi_send` in C.
public typealias CSend = asgi_send
/// The result of a module's `application`: `asgi_result` in C.
public typealias CResult = asgi_result
/// The result of a module's `asgi_module_info`: `const asgi_module *` in C.
public typealias CModule = UnsafePointer<asgi_module>
