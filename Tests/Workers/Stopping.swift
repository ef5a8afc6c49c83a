import Foundation
import TestHarness
import TestSupport

/// A server with a client that holds on, which is stopped.
struct Stopping {
    let server: Server
    let client: RawClient
    let start = Time()

    /// `hold`: what the client does before; the stop begins behind it.
    init(_ server: Server, _ hold: (RawClient) throws -> Void) throws {
        self.server = server
        self.client = try server.client()
        try hold(self.client)
        server.signal(SIGTERM)
        try server.log.wait(for: "stopping")
    }

    /// Takes the last answer, and leaves as a client does: who does not is given some seconds to notice the end.
    func finish(_ wanted: String) throws {
        try expect("answer", try self.client.readResponse().text, wanted)
        try expect("more", try self.client.readMore(), false)
        self.client.close()
    }

    /// So long ago.
    var time: String { self.start.seconds }

    /// Waits until everything has ended; says how long that took.
    func end(with status: Int32 = 0) throws -> String {
        try expect("exit status", try self.server.waitForEnd(), status)
        return "exit status \(status) after \(self.time)"
    }
}
