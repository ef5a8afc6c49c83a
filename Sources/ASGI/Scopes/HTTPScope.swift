import CASGI

/// One request: who asks for what. A copy of what the host said, so it can be kept and passed on like any value.
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

    /// `GET`. As received: letter case counts.
    public var method: String { String(self.memory.method) }
    /// `1.0`, `1.1`, `2` or `3`.
    public var httpVersion: String { String(self.memory.httpVersion) }
    /// `http` or `https`.
    public var scheme: String { String(self.memory.scheme) }
    /// Percent-decoded, without the query; begins with `rootPath`.
    public var path: String { String(self.memory.path) }
    /// The path below the mount: `path` without `rootPath`, and `/` for the mount itself, with or without the slash behind it. Django's
    /// `path_info`.
    public var pathInfo: String {
        let below = UnsafeRawBufferPointer(self.memory.path).dropFirst(self.memory.rootPath.size)
        return below.isEmpty ? "/" : String(decoding: below, as: UTF8.self)
    }
    /// The path as it was received, without the query: not decoded, and without what a proxy in front has removed from `rootPath`.
    public var rawPath: String { String(self.memory.rawPath) }
    /// As received, without the `?`.
    public var queryString: String { String(self.memory.queryString) }
    /// The fields of the query, decoded.
    public var query: FormFields { FormFields(UnsafeRawBufferPointer(self.memory.queryString)) }
    /// Where the application is mounted: empty, or like `/wiki`; decoded. Links have to begin with it, encoded.
    public var rootPath: String { String(self.memory.rootPath) }
    /// The header fields, in order.
    public var headers: Headers { Headers(self.memory) }
    /// Who asks; nil: not known.
    public var client: Address? { Address(self.memory.clientHost, self.memory.clientPort) }
    /// The address that was reached.
    public var server: Address? { Address(self.memory.serverHost, self.memory.serverPort) }
    /// ASGI's names of what this connection can do besides: `http.response.pathsend`.
    public var extensions: [String] { self.memory.extensions.map(String.init) }

    /// Whether it is worth while to go on: false when the client has left, and when its response is complete. [any]
    public var isOpen: Bool { self.memory.host.pointer.pointee.alive(self.memory.id) == ASGI_DONE }

    /// A value of the application's settings, by its dotted key; nil: there is none. [any]
    ///
    /// Texts come as they are, everything else as JSON. Settings are best read once, at startup
    /// (`LifespanScope.settings`).
    public func setting(_ key: String) -> String? { self.memory.host.setting(self.memory.id, key) }

    /// Messages to groups of WebSockets.
    public var broadcast: Broadcast { Broadcast(self.memory.id, self.memory.host) }

    /// Waits; ends early when the task is cancelled or the scope is over. [any]
    ///
    /// Throws `CancellationError` then. `Task.sleep` serves as well; this one knows the scope.
    ///
    /// ```swift
    /// try await scope.sleep(for: .milliseconds(250))
    /// ```
    public func sleep(for duration: Duration) async throws {
        try await HostWait(self.memory.id, self.memory.host).sleep(for: duration)
    }

    /// Waits until the host stops, or this process is replaced; ends early as `sleep` does. [any]
    ///
    /// For streams without end and WebSockets: their clients are still there, and can be told to come back. Throws `CancellationError`
    /// when the task is cancelled or the scope over before, `HostRefusal` where the host cannot say.
    public func hostStops() async throws { try await HostWait(self.memory.id, self.memory.host).stop() }

    /// Writes a line to the host's log, with the application's name and the request's id. [any]
    public func log(_ level: LogLevel, _ message: String) { self.memory.host.log(self.memory.id, level, message) }
}
