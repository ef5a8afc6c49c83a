import ASGI

/// The application, created at startup from its settings.
struct Greeter: Application {
    let greeting: String

    init(_ lifespan: LifespanScope) throws {
        self.greeting = lifespan.setting("greeting") ?? "Hello!"
    }

    /// Runs on an event loop of the host and must not block.
    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        guard scope.pathInfo == "/" else { throw HTTPError(404, "Not found") }
        // A 405 must list the allowed methods (RFC 9110 §15.5.6).
        guard ["GET", "HEAD"].contains(scope.method) else {
            throw HTTPError(405, "Method not allowed", headers: ["allow": "GET, HEAD"])
        }
        try await send(.text(self.greeting))
    }
}

let description = ModuleDescription(name: "@NAME@", version: "0.1.0")

@c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    Greeter.call(scope, receive, send)
}

@c public func asgi_module_info() -> CModule { description.pointer }
