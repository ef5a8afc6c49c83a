public import ASGI

/// The module's description of itself.
let description = ModuleDescription(name: "wiki", version: "1.0.0", settings: "wiki.settings", urls: Wiki.self)

@c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    Wiki.call(scope, receive, send)
}

@c public func asgi_module_info() -> CModule { description.pointer }
