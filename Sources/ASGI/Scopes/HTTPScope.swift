import CASGI

/// The scope of a request: method, path, header fields, client and settings. A copy that can be kept and passed on like
/// any value.
///
/// ```swift
/// func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
///     guard scope.method == "GET", scope.pathInfo == "/hello" else { throw HTTPError(404) }
///     let name = scope.query["name"] ?? "World"
///     try await send(.text("Hello, \(name)!"))
/// }
/// ```
public struct HTTPScope: Sendable {
    let memory: ScopeMemory

    /// The method, such as `GET`. As received, and case-sensitive.
    public var method: String { String(self.memory.method) }
    /// The HTTP version: `1.0`, `1.1`, `2` or `3`.
    public var httpVersion: String { String(self.memory.httpVersion) }
    /// The URL scheme: `http` or `https`.
    public var scheme: String { String(self.memory.scheme) }
    /// The path, percent-decoded and without the query. Begins with `rootPath`.
    public var path: String { String(self.memory.path) }
    /// The path below the mount: `path` without `rootPath` (Django's `path_info`). `/` for the mount itself, with or
    /// without a trailing slash.
    public var pathInfo: String {
        let below = UnsafeRawBufferPointer(self.memory.path).dropFirst(self.memory.rootPath.size)
        return below.isEmpty ? "/" : String(decoding: below, as: UTF8.self)
    }
    /// The path as received, without the query: not decoded, and without the part of `rootPath` that a proxy has
    /// removed.
    public var rawPath: String { String(self.memory.rawPath) }
    /// The query string as received, without the `?`.
    public var queryString: String { String(self.memory.queryString) }
    /// The decoded fields of the query string.
    public var query: FormFields { FormFields(UnsafeRawBufferPointer(self.memory.queryString)) }
    /// The path of the mount, percent-decoded: empty, or like `/wiki`. Links must begin with it, percent-encoded.
    public var rootPath: String { String(self.memory.rootPath) }
    /// The header fields, in order.
    public var headers: Headers { Headers(self.memory) }
    /// The address of the client; nil if unknown.
    public var client: Address? { Address(self.memory.clientHost, self.memory.clientPort) }
    /// The address that the client connected to; nil if unknown.
    public var server: Address? { Address(self.memory.serverHost, self.memory.serverPort) }
    /// ASGI's names of optional features that this connection supports, such as `http.response.pathsend`.
    public var extensions: [String] { self.memory.extensions.map(String.init) }

    /// Whether the client still waits for the response. False after the client has disconnected, or after the response
    /// is complete. Thread-safe.
    public var isOpen: Bool { self.memory.host.pointer.pointee.alive(self.memory.id) == ASGI_DONE }

    /// Returns a setting of the application by its dotted key; nil if there is none. Thread-safe.
    ///
    /// Strings are returned as they are, all other values as JSON. Settings should be read once, at startup
    /// (`LifespanScope.settings`).
    public func setting(_ key: String) -> String? { self.memory.host.setting(self.memory.id, key) }

    /// Sends messages to groups of WebSockets.
    public var broadcast: Broadcast { Broadcast(self.memory.id, self.memory.host) }

    /// Waits for a duration, until the task is cancelled, or until the scope ends. Thread-safe.
    ///
    /// Throws `CancellationError` in the last two cases. `Task.sleep` does not end with the scope.
    ///
    /// ```swift
    /// try await scope.sleep(for: .milliseconds(250))
    /// ```
    public func sleep(for duration: Duration) async throws {
        try await HostWait(self.memory.id, self.memory.host).sleep(for: duration)
    }

    /// Waits until the host shuts down or this process is replaced. Thread-safe.
    ///
    /// For WebSockets and endless streams: their clients are still connected, and can be told to reconnect. Throws
    /// `CancellationError` if the task is cancelled or the scope ends first. Throws `HostRefusal` if the host does not
    /// support the notice.
    public func waitForShutdown() async throws { try await HostWait(self.memory.id, self.memory.host).stop() }

    /// Writes a line to the host's log, with the application's name and the request's id. Thread-safe.
    public func log(_ level: LogLevel, _ message: String) { self.memory.host.log(self.memory.id, level, message) }
}
