import CASGI
import HTTPServer
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
package import RoostDeployment
import RoostModules
import RoostSystem

/// Checks a module against the rules of `asgi.h`: serves it in this process and sends it requests.
///
/// `roost check --conformance` runs this in a child process, since a module that crashes ends the process.
package struct ModuleConformance: Sendable {
    /// The result of one test case.
    package struct Outcome: Sendable {
        package let name: String
        /// Nil if the test case passed.
        package let fault: String?
    }

    private let application: PreparedApplication
    private let log = LogCollector()

    package init(_ application: PreparedApplication) { self.application = application }

    /// Runs all test cases. Calls `began` before each and `ended` after it.
    package func run(_ began: (String) -> Void, _ ended: (Outcome) -> Void) async {
        func hold(_ name: String, _ body: () async throws -> Void) async -> Bool {
            began(name)
            do {
                try await body()
                let complaints = self.log.removeAll()
                ended(Outcome(name: name, fault: complaints.first))
                return complaints.isEmpty
            } catch {
                ended(Outcome(name: name, fault: "\(error)"))
                return false
            }
        }
        var host: Host?
        let hasStarted = await hold("startup completes, or lifespan is unsupported") {
            let started = try Host(self.application, configuration: self.configuration)
            try await started.start()
            host = started
        }
        guard hasStarted, let host, case .tcp(_, let port, _) = host.addresses[0] else { return }
        for (name, body) in Self.cases { _ = await hold(name) { try body(ConformanceClient(port: port)) } }
        _ = await hold("a scope of an unknown type is refused") { try self.unknownScope() }
        _ = await hold("all scopes end, and shutdown completes in time") { try await host.stop() }
    }

    private var configuration: HostConfiguration {
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.lifespanTime = 10
        configuration.server.graceTime = 5
        let log = self.log
        configuration.logger = Logger(label: "conformance") { _ in LogCollector.Handler(complaints: log) }
        return configuration
    }

    private typealias Case = @Sendable (ConformanceClient) throws -> Void

    /// The test cases, in the order of `asgi.h`.
    private static let cases: [(String, Case)] = [
        (
            "GET / gets a complete response, twice on one connection",
            { client in
                for _ in 0..<2 { try client.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n") }
            }
        ),
        (
            "five requests in one packet get five responses",
            { client in
                client.send(String(repeating: "GET / HTTP/1.1\r\nhost: x\r\n\r\n", count: 5))
                for _ in 0..<5 { try client.readResponse() }
            }
        ),
        (
            "requests on eight connections at once get a response each",
            { client in
                let clients = try (0..<8).map { _ in try client.another() }
                for client in clients { client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Title-Case: 1\r\n\r\n") }
                for client in clients { try client.readResponse() }
            }
        ),
        (
            "HEAD / gets a response without a body",
            { client in
                try client.ask("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n", isHead: true)
                try client.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            }
        ),
        (
            "an unknown path gets a response",
            { client in
                try client.ask("GET /conformance/%E2%82%AC?a=%00 HTTP/1.1\r\nhost: x\r\n\r\n")
            }
        ),
        (
            "a chunked body of 64 KiB gets a response, received or not",
            { client in
                let chunk = "400\r\n\(String(repeating: "x", count: 1024))\r\n"
                let body = String(repeating: chunk, count: 64) + "0\r\n\r\n"
                try client.ask("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n\(body)")
            }
        ),
        (
            "a client that disconnects within its body ends the scope",
            { client in
                client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf")
                client.reset()
            }
        ),
        (
            "a client that disconnects before the response ends the scope",
            { client in
                client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                client.reset()
            }
        ),
        (
            "a WebSocket is accepted or rejected; an accepted one ends when the client closes it",
            { client in
                try client.openSocket()
            }
        ),
        (
            "a lost WebSocket connection ends its scope",
            { client in
                client.send(ConformanceClient.handshake)
                client.reset()
            }
        ),
    ]

    /// Calls the module's function directly, with a scope of an unknown type and an invalid id.
    private func unknownScope() throws {
        let image = try ModuleImage(
            path: self.application.staged.path, symbol: self.application.symbol,
            libraries: self.application.staged.libraries)
        let scope = UnsafeMutablePointer<asgi_scope>.zeroed(bytes: asgi_scope_size())
        defer { UnsafeMutableRawPointer(scope).deallocate() }
        scope.pointee.size = UInt32(asgi_scope_size())
        scope.pointee.type = 77
        scope.pointee.host = HostTable.pointer
        // No scope has the id 0: every call with it returns ASGI_STALE.
        let result = image.application(scope, receiveCall, sendCall)
        guard result < 0 else {
            throw HostError(
                code: .module,
                message: "returned \(ResultName(result)) for a scope of type 77, expected ASGI_UNSUPPORTED")
        }
    }
}

/// The warnings and errors that the host has logged.
private final class LogCollector: Sendable {
    private let lines = NIOLockedValueBox<[String]>([])

    func removeAll() -> [String] {
        self.lines.withLockedValue { lines in
            defer { lines = [] }
            return lines
        }
    }

    struct Handler: LogHandler {
        let complaints: LogCollector
        var logLevel = Logger.Level.warning
        var metadata: Logger.Metadata = [:]

        init(complaints: LogCollector) { self.complaints = complaints }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata.map { LogText.fields($0) } ?? ""
            self.complaints.lines.withLockedValue { $0.append("\(event.message)\(reason)") }
        }
    }
}
