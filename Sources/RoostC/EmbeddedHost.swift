import HTTPServer
import NIOCore
import Roost
import RoostDeployment
import RoostSettings
import RoostSystem

/// A host that `roost_start` or `roost_run` has started. [any]
final class EmbeddedHost: Sendable {
    private let host: Host
    private let accessLog: LineWriter?
    /// The outcome of `quit`.
    private let outcome = Monitor<Result<Void, HostError>?>(nil)

    private init(_ host: Host, accessLog: LineWriter?) {
        self.host = host
        self.accessLog = accessLog
    }

    static func of(_ pointer: OpaquePointer?) -> EmbeddedHost? {
        pointer.map { Unmanaged<EmbeddedHost>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    /// `loop`: the loop of the caller's thread, on which the host is to run; nil for threads of its own.
    static func start(
        _ settings: String, on loop: (any EventLoop)? = nil
    ) async throws(HostError) -> EmbeddedHost {
        try await self.with {
            var (configuration, applications) = try EmbeddingSettings.read(settings)
            configuration.callersLoop = loop
            BrokenPipes.ignore()
            do {
                let host = try Host(applications: applications, configuration: configuration)
                try await host.start()
                BrokenPipes.restoreHandler()
                return EmbeddedHost(host, accessLog: configuration.access)
            } catch {
                BrokenPipes.giveBack()
                throw error
            }
        }
    }

    func mount(_ application: String) async throws(HostError) {
        try await Self.with { try await self.host.mount(try EmbeddingSettings.application(application)) }
    }

    /// `mount`: as in `status`, so with the host names of the application.
    func unmount(_ mount: String) async throws(HostError) {
        try await Self.with {
            let found = self.host.mounted.lazy.compactMap(\.mount).first { $0.description == mount }
            let isUnmounted =
                if let found {
                    try await self.host.unmount(
                        at: found.path.isEmpty ? "/" : found.path, hosts: found.hosts.map(\.description))
                } else {
                    mount.hasPrefix("/") ? try await self.host.unmount(at: mount) : false
                }
            guard isUnmounted else { throw HostError(code: .usage, message: "nothing is mounted at \(mount)") }
        }
    }

    func stop() async throws(HostError) {
        defer { BrokenPipes.giveBack() }
        try await Self.with { try await self.host.stop() }
    }

    /// Stops, for `waitUntilStopped`.
    func quit() async {
        let outcome: Result<Void, HostError>
        do throws(HostError) { outcome = .success(try await self.stop()) } catch { outcome = .failure(error) }
        self.outcome.withLock { $0 = outcome }
        self.outcome.signal()
    }

    /// Blocks the thread until `quit` has stopped the host. Rethrows its error.
    func waitUntilStopped() throws(HostError) { try self.outcome.wait { $0 }.get() }

    /// Writes the buffered lines of the access log.
    func flushLog() { self.accessLog?.flush() }

    var port: CInt {
        guard case .tcp(_, let port, _)? = self.host.addresses.first else { return -1 }
        return CInt(port)
    }

    var status: String { EmbeddingSettings.json(self.host.urls, self.host.mounted) }

    private static func with<Value: Sendable>(
        _ body: @Sendable () async throws -> Value
    ) async throws(HostError) -> Value {
        do {
            return try await body()
        } catch { throw HostError(error, otherwise: .startup) }
    }
}
