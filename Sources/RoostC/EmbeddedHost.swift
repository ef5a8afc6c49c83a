import HTTPServer
import Roost
import RoostSettings
import RoostSystem

/// A host that `roost_start` has started. [any]
final class EmbeddedHost: Sendable {
    private let host: Host
    private let accessLog: LineWriter?

    private init(_ host: Host, accessLog: LineWriter?) {
        self.host = host
        self.accessLog = accessLog
    }

    static func of(_ pointer: OpaquePointer?) -> EmbeddedHost? {
        pointer.map { Unmanaged<EmbeddedHost>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    static func start(_ settings: String) async throws(HostError) -> EmbeddedHost {
        try await self.with {
            let (configuration, applications) = try EmbeddingSettings.read(settings)
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

    /// Writes the buffered lines of the access log.
    func flushLog() { self.accessLog?.flush() }

    var port: CInt {
        guard case .tcp(_, let port, _)? = self.host.addresses.first else { return -1 }
        return CInt(port)
    }

    var status: String { EmbeddingSettings.json(self.host.addresses.map(\.url), self.host.mounted) }

    private static func with<Value: Sendable>(
        _ body: @Sendable () async throws -> Value
    ) async throws(HostError) -> Value {
        do {
            return try await body()
        } catch { throw HostError(error, otherwise: .startup) }
    }
}
