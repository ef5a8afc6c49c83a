import Foundation
import TestSupport

/// nghttpx in front of a host: takes requests over HTTP/1.1, and passes them on over HTTP/2, WebSockets too (RFC 8441).
/// A client that shares no code with the server's session but libnghttp2.
final class HTTP2Front: Sendable {
    let port: Int
    private let process: StartedProcess

    /// Starts it in front of a host at this port, and waits until it listens.
    init(before hostPort: Int) throws {
        while true {
            // Another process may take the port before nghttpx does, which then exits.
            let port = try ListeningSocket().port
            let log = Pipe()
            let process = try StartedProcess(
                [
                    "/usr/sbin/nghttpx", "--conf=/dev/null", "--single-process", "--frontend=127.0.0.1,\(port);no-tls",
                    "--backend=127.0.0.1,\(hostPort);;proto=h2", "--no-via", "--no-server-rewrite",
                    "--no-location-rewrite", "--no-add-x-forwarded-proto", "--no-strip-incoming-x-forwarded-proto",
                    "--workers=1", "--errorlog-file=/dev/stdout", "--log-level=NOTICE", "--accesslog-file=/dev/null",
                    "--request-header-field-buffer=131072", "--max-request-header-fields=1000",
                    "--backend-connect-timeout=60s",
                ], output: log.fileHandleForWriting)
            try log.fileHandleForWriting.close()
            guard Self.listens(log.fileHandleForReading) else {
                _ = process.waitUntilExit()
                continue
            }
            self.port = port
            self.process = process
            return
        }
    }

    /// Reads the log up to the line that the proxy writes when it listens. Returns false if it ends before.
    private static func listens(_ log: FileHandle) -> Bool {
        var text = ""
        while !text.contains("Listening on") {
            let more = log.availableData
            guard !more.isEmpty else { return false }
            text += String(decoding: more, as: UTF8.self)
        }
        return true
    }

    func stop() {
        kill(self.process.identifier, SIGKILL)
        _ = self.process.waitUntilExit()
    }
}
