@testable import Roost

/// Runs `body` with a running host, and stops the host when `body` returns or throws.
///
/// A body that tests the stop calls `served.stop()` itself: a second stop does nothing. A body whose only `try` is in
/// the argument of `#expect` has to begin with `{ served throws in`: the compiler infers `throws` before it expands
/// macros.
func withServedHost(_ served: ServedHost, _ body: (ServedHost) async throws -> Void) async throws {
    try await stopping(served.stop) {
        try served.waitForRelay()
        try await body(served)
    }
}

/// Runs `body` with a host that the test has created, and stops the host when `body` returns or throws.
func withHost(_ host: Host, _ body: (Host) async throws -> Void) async throws {
    try await stopping({ try await host.stop() }) { try await body(host) }
}

/// Throws the error of `body` if both fail, because the other error may be a consequence of it.
private func stopping(_ stop: () async throws -> Void, _ body: () async throws -> Void) async throws {
    do { try await body() } catch {
        try? await stop()
        throw error
    }
    try await stop()
}
