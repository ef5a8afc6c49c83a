public import ASGI
import Glibc

/// Test cases for the Swift SDK, by path.
struct SwiftCalls: Application {
    struct Settings: Decodable {
        enum Colour: String, Decodable, CaseIterable { case light, dark }

        var greeting: String?
        var colour: Colour?
        var size: Int?
        var fail: String?

        enum CodingKeys: CodingKey { case greeting, colour, size, fail }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            self.greeting = try values.decodeIfPresent(String.self, forKey: .greeting)
            self.colour = try values.decodeIfPresent(Colour.self, forKey: .colour)
            self.size = try values.decodeIfPresent(Int.self, forKey: .size, in: 1...10)
            self.fail = try values.decodeIfPresent(String.self, forKey: .fail)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let settings: Settings

    init(_ lifespan: LifespanScope) async throws {
        self.settings = try lifespan.settings(Settings.self)
        // Startup may suspend.
        await Task.yield()
        if self.settings.fail == "startup" { throw Failure(description: "the database is away") }
        lifespan.log(.info, "settings file \(lifespan.settingsFile ?? "none")")
    }

    func shutdown() async throws {
        await Task.yield()
        if self.settings.fail == "shutdown" { throw Failure(description: "the index was not written") }
    }

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        switch scope.pathInfo {
        case "/": try await send(.text(self.settings.greeting ?? "none"))
        case "/scope": try await send(.text(Self.description(of: scope)))
        case "/next":
            try await send.next(setting: ["x-user": "swift"], removing: ["cookie"]) { response in
                response.status = 203
                response.headers.append("x-wrapped", "swift")
            }
            scope.log(.info, "the next application has ended")
        case "/fail": throw Failure(description: "wanted")
        case "/teapot": throw HTTPError(418, "short and stout", headers: ["x-spout": "yes"])
        case "/late":
            try await send(.start(status: 200, headers: [:]))
            try await send(.body("part", more: true))
            throw HTTPError(418)
        case "/nothing": break
        case "/twice":
            try await send(.text("once"))
            try await send(.text("twice"))
        case "/count":
            var size = 0
            for try await part in receive.body { size += part.count }
            for try await _ in receive.body { size = -1 }
            try await send(.text("\(size)"))
        case "/echo": try await send(HTTPResponse(body: ResponseBody(try await receive.body.bytes(upTo: 1 << 20))))
        case "/form":
            let form = try await receive.body.form(upTo: 1000)
            try await send(.text(form.map { "\($0.name)=\($0.value)" }.joined(separator: ";")))
        case "/stream":
            try await send(.start(status: 200, headers: [:]))
            let part = ResponseBody([UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10))
            let endless = scope.query["note"] != nil
            if endless { scope.log(.info, "streaming") }
            do {
                var parts = 0
                while endless || parts < 64 {
                    try await send(.body(part, more: true))
                    parts += 1
                }
            } catch is Disconnected {
                scope.log(.info, "the client has disconnected")
                throw Disconnected()
            }
            try await send(.body("", more: false))
        case "/hint":
            try await send(.earlyHint(links: ["</style.css>; rel=preload; as=style"]))
            try await send(.text(scope.extensions.joined(separator: ",")))
        case "/broken":
            scope.log(.info, "reading")
            var errors: [String] = []
            for _ in 0..<2 {
                do { _ = try await receive.body.bytes(upTo: 100) } catch { errors.append("\(error)") }
            }
            scope.log(.info, "twice: \(errors.joined(separator: ", "))")
        case "/loops": try await send(.text(await Self.threads()))
        case "/wait": try await self.waitForTheEnd(scope, receive)
        default: throw HTTPError(404)
        }
    }

    private static func description(of scope: HTTPScope) -> String {
        """
        \(scope.method) \(scope.scheme) \(scope.httpVersion) path=\(scope.path) info=\(scope.pathInfo) raw=\(scope.rawPath)
        query=\(scope.queryString) a=\(scope.query["a"] ?? "none") root=\(scope.rootPath)
        x-twice=\(scope.headers.values("X-Twice")) missing=\(scope.headers["missing"] ?? "none")
        client=\(scope.client?.host ?? "none") server port \(scope.server?.port == nil ? "unknown" : "known")
        open=\(scope.isOpen)
        """
    }

    /// Returns on which thread a request continues after each way to suspend.
    private static func threads() async -> String {
        let loop = pthread_self()
        var here: [String] = []
        func note(_ what: String) { here.append("\(what)=\(pthread_self() == loop ? "loop" : "elsewhere")") }
        await Task.yield()
        note("yield")
        let isOnLoop = await runBlocking { pthread_self() == loop }
        here.append("off=\(isOnLoop ? "loop" : "elsewhere")")
        note("back")
        await withCheckedContinuation { continuation in Task.detached { continuation.resume() } }
        note("resumed")
        let children = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { pthread_self() == loop } }
            return await group.reduce(true) { $0 && $1 }
        }
        here.append("children=\(children ? "loop" : "elsewhere")")
        let (events, continuation) = AsyncStream.makeStream(of: Void.self)
        Task.detached { continuation.yield() }
        for await _ in events { break }
        note("event")
        return here.joined(separator: " ")
    }

    /// Logs how the wait ended.
    private func waitForTheEnd(_ scope: HTTPScope, _ receive: HTTPReceive) async throws {
        do {
            scope.log(.info, "waiting")
            while try await receive() != .disconnect {}
            scope.log(.info, "the client has disconnected")
        } catch {
            scope.log(.info, "\(error) cancelled=\(Task.isCancelled)")
            throw error
        }
    }
}

let module = ModuleDescription(name: "calls", version: "2.0")

@c public func application(_ scope: CScope, _ receive: CReceive, _ send: CSend) -> CResult {
    SwiftCalls.call(scope, receive, send)
}

@c public func asgi_module_info() -> CModule { module.pointer }
