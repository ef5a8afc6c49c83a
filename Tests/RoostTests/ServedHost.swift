import Glibc
import HTTPServer
import Logging
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport

@testable import ModuleRuntime
@testable import Roost
@testable import RoostDeployment

/// A host in this process that serves a module. Tests use it in `withServedHost`, which always stops it.
final class ServedHost: Sendable {
    let host: Host
    /// The host with the applications, if requests pass through a relay.
    private let back: Host?
    /// The proxy that passes requests on over HTTP/2; nil if clients reach the host.
    private let front: HTTP2Front?
    let folder: TemporaryFolder
    let log: LogLines

    /// `settings`: the contents of `settings.yaml`.
    convenience init(
        _ library: String, settings: String? = nil, in folder: TemporaryFolder,
        configure: (inout HostConfiguration) throws -> Void = { _ in }
    ) async throws {
        if let settings { try folder.write("settings.yaml", settings) }
        var preparation = ApplicationPreparation()
        preparation.folder = folder.path
        preparation.probe = ModuleProbe(command: Repository.roost)
        let application = try preparation.prepare(
            try ModuleName(library), run: try RunDirectory.make("\(folder.path)/run"))
        let installed = DeployedApplication(application)
        try await self.init([installed], in: folder, configure: configure)
    }

    init(
        _ applications: [DeployedApplication], in folder: TemporaryFolder,
        configure: (inout HostConfiguration) throws -> Void = { _ in }
    ) async throws {
        self.folder = folder
        let log = LogLines()
        self.log = log
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.logger = Logger(label: "test") { _ in log.handler }
        // A stop does not wait long for the connections that a test leaves open, such as WebSockets.
        configuration.server.graceTime = 1
        // Test clients do not answer pings, and a test can be slow on a busy machine.
        configuration.server.webSocket.pingTimeout = 600
        // Changes no response of these tests: the suites run once more behind it.
        if Self.hasMiddleware {
            configuration.middleware = [MiddlewareEntry("compress"), MiddlewareEntry("max-body,size=100000000")]
        }
        try configure(&configuration)
        try Host.refuseDebug(threads: configuration.threads)
        let applications = Self.isWrapped ? try Self.wrapped(applications, in: folder) : applications
        // Each request has two scopes then.
        if Self.isWrapped { configuration.scopes *= 2 }
        guard Self.isRelayed else {
            self.back = nil
            self.host = Host(
                applications, on: try Host.bind(configuration.addresses, backlog: configuration.server.backlog),
                configuration: configuration)
            try await self.host.start()
            self.front = try Self.isHTTP2 ? HTTP2Front(before: Self.port(of: self.host)) : nil
            return
        }
        self.front = nil
        let path = "\(folder.path)/listener\(UInt32.random(in: 0...UInt32.max))"
        let bound = try Listener(unix: path, access: BindAddress.UnixAccess(), backlog: 16)
        configuration.relayUsers = [geteuid()]
        let listener = GroupListener.make(
            given: bound.descriptor, address: bound.address, backlog: 16, users: configuration.relayUsers)
        let back = Host(applications, on: [listener], configuration: configuration)
        self.back = back
        try await back.start()
        var front = configuration
        front.relayPaths = ["back": [path]]
        // A test's limit of scopes applies to the host with the applications, not to the front.
        front.scopes = 65_536
        let relayed = applications.map { application in
            DeployedApplication(
                number: application.number, name: application.name, mount: application.mount ?? .root,
                origins: application.origins, .group("back"))
        }
        self.host = Host(
            relayed, on: try Host.bind(front.addresses, backlog: front.server.backlog), configuration: front)
        do { try await self.host.start() } catch {
            try? await back.stop()
            throw error
        }
    }

    /// Waits until the relay is connected; until then requests get 503.
    func waitForRelay() throws {
        guard self.back != nil else { return }
        while try self.get("/").text.contains("the application's workers are not available") {}
    }

    /// Whether every request arrives over HTTP/2: `ROOST_TEST_HTTP2=1`.
    static let isHTTP2 = getenv("ROOST_TEST_HTTP2") != nil

    /// Whether every request passes through another host: `ROOST_TEST_RELAY=1`.
    static let isRelayed = getenv("ROOST_TEST_RELAY") != nil

    /// Whether every request passes through middleware: `ROOST_TEST_MIDDLEWARE=1`.
    static let hasMiddleware = getenv("ROOST_TEST_MIDDLEWARE") != nil

    /// Whether another application wraps every application: `ROOST_TEST_WRAPPED=1`.
    static let isWrapped = getenv("ROOST_TEST_WRAPPED") != nil

    /// The applications, each wrapped by one that passes every request and the beginning of every response on.
    private static func wrapped(
        _ applications: [DeployedApplication], in folder: TemporaryFolder
    ) throws -> [DeployedApplication] {
        let name = "passing"
        let library = try Fixture.compile(
            file: Repository.fixture("Wraps.c"), named: name, flags: ["-D_GNU_SOURCE", "-DOBSERVE"], in: folder)
        let passing = try ApplicationPreparation().prepare(
            try ModuleName(library), run: try RunDirectory.make("\(folder.path)/passing"))
        let wrapped = applications.map { application in
            var application = application
            application.prepared?.wrappers = [name]
            return application
        }
        return wrapped + [
            DeployedApplication(
                number: UInt32.max, name: name, mount: try Mount(path: "/\(name)"), .module(passing))
        ]
    }

    func stop() async throws {
        self.back?.announceStop()
        defer { self.front?.stop() }
        try await self.host.stop()
        try await self.back?.stop()
    }

    var port: Int { self.front?.port ?? Self.port(of: self.host) }

    private static func port(of host: Host) -> Int {
        guard case .tcp(_, let port, _) = host.addresses[0] else { return -1 }
        return port
    }

    func client() throws -> RawClient { try RawClient(port: self.port) }

    /// Sends a request on a new connection, and returns the response.
    func get(_ target: String, host: String = "x") throws -> Response {
        let client = try self.client()
        client.send("GET \(target) HTTP/1.1\r\nhost: \(host)\r\n\r\n")
        return try client.readResponse()
    }

    /// Fetches the module's notes until they contain `end`.
    func notes(until end: String = "end\n") throws -> String {
        var notes = ""
        while !notes.contains(end) { notes += try self.get("/log").text }
        return notes
    }
}
