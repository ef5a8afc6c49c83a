import HTTPServer
import Logging
import TestSupport

@testable import Roost

/// A host in this process that serves a module.
final class ServedHost: Sendable {
    let host: Host
    let folder: TemporaryFolder
    let log: LogLines

    /// `settings`: text of `settings.yaml`.
    convenience init(
        _ library: String, settings: String? = nil, in folder: TemporaryFolder,
        configure: (inout HostConfiguration) -> Void = { _ in }
    ) async throws {
        if let settings { try folder.write("settings.yaml", settings) }
        var preparation = ApplicationPreparation()
        preparation.folder = folder.path
        preparation.probe = ModuleProbe(command: Repository.roost)
        let application = try preparation.prepare(
            try ModuleName(library), run: try RunDirectory.make("\(folder.path)/run"))
        let installed = InstalledApplication(application)
        try await self.init([installed], in: folder, configure: configure)
    }

    init(
        _ applications: [InstalledApplication], in folder: TemporaryFolder,
        configure: (inout HostConfiguration) -> Void = { _ in }
    ) async throws {
        self.folder = folder
        let log = LogLines()
        self.log = log
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.logger = Logger(label: "test") { _ in log.handler }
        // What a test leaves open, a WebSocket say, is not waited for.
        configuration.server.graceTime = 1
        configure(&configuration)
        try Host.refuseDebug(threads: configuration.threads)
        self.host = Host(
            applications, on: try Host.bind(configuration.addresses, backlog: configuration.server.backlog),
            configuration: configuration)
        try await self.host.start()
    }

    var port: Int {
        guard case .tcp(_, let port, _) = self.host.addresses[0] else { return -1 }
        return port
    }

    func client() throws -> RawClient { try RawClient(port: self.port) }

    /// One request on a connection of its own.
    func get(_ target: String, host: String = "x") throws -> Response {
        let client = try self.client()
        client.send("GET \(target) HTTP/1.1\r\nhost: \(host)\r\n\r\n")
        return try client.readResponse()
    }

    /// What the module has noted, asked for until it says so.
    func notes(until end: String = "end\n") throws -> String {
        var notes = ""
        while !notes.contains(end) { notes += try self.get("/log").text }
        return notes
    }
}
