import NIOConcurrencyHelpers
import NIOCore
import Roost
import RoostSystem

/// A host on the thread of the program (`roost_run`).
enum CallersThread {
    /// Starts a host on the calling thread, calls `started` there once it serves, and returns when it has stopped.
    /// Throws `HostError` if it does not start, or fails to stop.
    static func serve(_ settings: String, started: @escaping @Sendable (EmbeddedHost) -> Void) throws(HostError) {
        let start = NIOLockedValueBox<Result<EmbeddedHost, HostError>?>(nil)
        EventLoops.onThisThread { loop in
            Task {
                do throws(HostError) {
                    let host = try await EmbeddedHost.start(settings, on: loop)
                    start.withLockedValue { $0 = .success(host) }
                    loop.execute { started(host) }
                } catch {
                    start.withLockedValue { $0 = .failure(error) }
                    // A host that did not start has ended the loop, unless it failed before it had one.
                    try? await EventLoops.end(loop)
                }
            }
        }
        guard let host = try start.withLockedValue({ $0 })?.get() else { return }
        try host.waitUntilStopped()
        // On this thread, since a reader of standard output that does not read blocks it.
        host.flushLog()
    }
}
