import NIOCore
import Roost
import RoostSystem

/// A host on the thread of the program (`roost_run`).
enum CallersThread {
    /// Starts a host on the calling thread, calls `started` there once it serves, and returns when it has stopped.
    /// Throws `HostError` if it does not start, or fails to stop.
    static func serve(_ settings: String, started: @escaping @Sendable (EmbeddedHost) -> Void) throws(HostError) {
        let start = Monitor<Result<EmbeddedHost, HostError>?>(nil)
        EventLoops.onThisThread { loop in
            Task {
                do throws(HostError) {
                    let host = try await EmbeddedHost.start(settings, on: loop)
                    start.withLock { $0 = .success(host) }
                    start.signal()
                    loop.execute { started(host) }
                } catch {
                    start.withLock { $0 = .failure(error) }
                    start.signal()
                    // A host that did not start has ended the loop, unless it failed before it had one.
                    try? await EventLoops.end(loop)
                }
            }
        }
        // The loop may have ended before the task has noted why.
        let host = try start.wait { $0 }.get()
        // On this thread, since a reader of standard output that does not read blocks it.
        defer { host.flushLog() }
        try host.waitUntilStopped()
    }
}
