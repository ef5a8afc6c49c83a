public import RoostSettings
import RoostSystem

/// An application that a program passes to its host: a module or a closure.
public struct HostApplication: Sendable {
    enum Work: Sendable {
        case entry(ApplicationEntry)
        case closure(ClosureApplication)
    }

    let name: String
    let mount: Result<Mount, HostError>
    let work: Work

    /// A module, by its path, or by its name below the configuration's `folder`; `name:symbol` selects another symbol.
    /// The `Host` that takes the application throws if an argument is invalid.
    ///
    /// - Parameters:
    ///   - path: The path prefix of the mount.
    ///   - hosts: The host names of the mount; all if empty.
    ///   - settings: The settings module; the module's own default if nil.
    ///   - webSocketOrigins: The origins whose pages may open WebSockets; those of the configuration if nil.
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

    /// A closure, called on the concurrency pool for every request below this path. If it throws, the client gets 500.
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

/// A request to a closure.
public struct HostRequest: Sendable {
    public let method: String
    /// The decoded path; begins with `rootPath`.
    public let path: String
    /// The prefix that a proxy removes, followed by the path of the mount (ASGI's `root_path`).
    public let rootPath: String
    /// The query as sent, without the '?'.
    public let query: String
    /// The header fields in the order of the request, names in lower case.
    public let headers: [(name: String, value: String)]
    /// The whole body. A request with a body above 1 MiB gets 413.
    public let body: [UInt8]

    /// Returns the value of the first header field with this name, which must be in lower case.
    public func header(_ name: String) -> String? { self.headers.first { $0.name == name }?.value }
}

/// The response of a closure.
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
