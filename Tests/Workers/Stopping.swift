import Foundation
import TestHarness
import TestSupport

/// The graceful shutdown of a server that has a client.
struct Stopping {
    let server: Server
    let client: RawClient
    let start = Time()

    /// `hold`: what the client does before the shutdown starts.
    init(_ server: Server, _ hold: (RawClient) throws -> Void) throws {
        self.server = server
        self.client = try server.client()
        try hold(self.client)
        server.signal(SIGTERM)
        try server.log.wait(for: "stopping")
    }

    /// Reads the last response and closes the connection. The server would wait some seconds for a client that does
    /// not.
    func finish(_ wanted: String) throws {
        try expect("response", try self.client.readResponse().text, wanted)
        try expect("more data", try self.client.readMore(), false)
        self.client.close()
    }

    /// The time since the shutdown started.
    var time: String { self.start.seconds }

    /// Waits until all processes have ended. Returns the exit status and the duration as text.
    func end(with status: Int32 = 0) throws -> String {
        try expect("exit status", try self.server.waitForEnd(), status)
        return "exit status \(status) after \(self.time)"
    }
}
