public import ASGI

/// The smallest application: answers every request with the same text.
struct SwiftHello: Application {
    init(_ lifespan: LifespanScope) {}

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        try await send(.text("Hello, World!"))
    }
}

@c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    SwiftHello.call(scope, receive, send)
}
