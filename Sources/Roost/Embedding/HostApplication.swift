public import RoostSettings
import RoostSystem

/// An application that a program gives its host: a module, or a closure of its own.
public struct HostApplication: Sendable {
    enum Work: Sendable {
        case entry(ApplicationEntry)
        case closure(ClosureApplication)
    }

    let name: String
    let mount: Result<Mount, HostError>
    let work: Work

    /// A module, by its path or by its name below the folder of the configuration; `name:symbol` takes another symbol. `path`: where it
    /// answers, for these host names or for all. `settings`: its settings module, else its own default. `webSocketOrigins`: the origins whose pages
    /// may open its WebSockets, else those of the configuration. Invalid arguments are thrown by the host that takes the application.
    public static func module(
        _ module: String, at path: String = "/", hosts: [String] = [], name: String? = nil, settings: String? = nil,
        webSocketOrigins: WebSocketOrigins? = nil
    ) -> HostApplication {
        do {
            let mount = try Self.mount(path, hosts).get()
            var entry = ApplicationEntry(
                module: try ModuleName(module), mount: mount, name: name, settings: settings)
            entry.origins = webSocketOrigins
            return HostApplication(name: name ?? module, mount: .success(mount), work: .entry(entry))
        } catch {
            let error = HostError(error, otherwise: .usage)
            return HostApplication(
                name: module, mount: .failure(error), work: .closure(ClosureApplication { _ in .text("") }))
        }
    }

    /// A closure, called for every request below this path, on the concurrency pool. What it throws is a 500.
    public static func closure(
        at path: String = "/", hosts: [String] = [], name: String = "closure",
        _ body: @escaping @Sendable (HostRequest) async throws -> HostResponse
    ) -> HostApplication {
        HostApplication(name: name, mount: Self.mount(path, hosts), work: .closure(ClosureApplication(body)))
    }

    private static func mount(_ path: String, _ hosts: [String]) -> Result<Mount, HostError> {
        do {
            return .success(try Mount(path: path, hosts: try hosts.map { try HostPattern($0) }))
        } catch {
            let message = (error as? MountFault)?.message ?? "\(error)"
            return .failure(HostError(code: .usage, message: "the mount \(message)"))
        }
    }
}

/// What a closure is asked.
public struct HostRequest: Sendable {
    public let method: String
    /// Decoded, and where the closure is mounted: `path` begins with it.
    public let path: String
    public let rootPath: String
    /// As it was sent, without the '?'.
    public let query: String
    /// In their order, names in lower case.
    public let headers: [(name: String, value: String)]
    /// The whole body, of a MiB at most: a larger one is answered with 413.
    public let body: [UInt8]

    /// The first field of this name (in lower case).
    public func header(_ name: String) -> String? { self.headers.first { $0.name == name }?.value }
}

/// What a closure answers.
public struct HostResponse: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public static func text(_ text: String, status: Int = 200) -> HostResponse {
        HostResponse(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }
}
