@testable import Roost

/// Runs `body` with a host that serves, and stops the host when `body` returns or throws.
///
/// A body that tests the stop calls `served.stop()` itself: a second stop does nothing. A body whose only `try` is the argument of
/// `#expect` has to be written `{ served throws in`, since the compiler infers `throws` before it expands macros.
func withServedHost(_ served: ServedHost, _ body: (ServedHost) async throws -> Void) async throws {
    try await stopping(served.stop) {
        try served.waitForRelay()
        try await body(served)
    }
}

/// Runs `body` with a host that a test has made by itself, and stops the host when `body` returns or throws.
func withHost(_ host: Host, _ body: (Host) async throws -> Void) async throws {
    try await stopping({ try await host.stop() }) { try await body(host) }
}

/// Throws the error of `body` where both fail: that of the stop may follow from it.
private func stopping(_ stop: () async throws -> Void, _ body: () async throws -> Void) async throws {
    do { try await body() } catch {
        try? await stop()
        throw error
    }
    try await stop()
}
