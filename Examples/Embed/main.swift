import Logging
import Roost
import ServiceLifecycle

/// An embedding server: `Embed PORT FIRST SECOND THIRD` serves a closure at /ping and two modules, and mounts a third
/// module while it runs.
let words = CommandLine.arguments
guard words.count == 5, let port = Int(words[1]) else { fatalError("Embed PORT FIRST SECOND THIRD") }

var configuration = HostConfiguration()
configuration.addresses = [.tcp(host: "127.0.0.1", port: port)]
let host = try Host(
    applications: [
        .closure(at: "/ping") { request in .text("pong to \(request.method)\n") },
        .module(words[2], at: "/first"),
        .module(words[3], at: "/second"),
    ], configuration: configuration)
print(host.urls[0])

let group = ServiceGroup(
    services: [host], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "embed"))
async let serving: Void = group.run()
try await host.mount(.module(words[4], at: "/third"))
print("the third is there: \(host.mounted.map(\.mountPoint))")
try await serving
print("stopped")
