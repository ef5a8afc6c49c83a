import Foundation
import TestSupport

/// nghttpx in front of a host: takes requests over HTTP/1.1, and passes them on over HTTP/2, WebSockets too (RFC 8441).
/// A client that shares no code with the server's session but libnghttp2.
final class HTTP2Front: Sendable {
    let port: Int
    private let process: StartedProcess

    /// Starts it in front of a host at this port, and waits until it accepts connections.
    init(before hostPort: Int) throws {
        while true {
            let port = try Self.freePort()
            let process = try StartedProcess([
                "/usr/sbin/nghttpx", "--conf=/dev/null", "--single-process", "--frontend=127.0.0.1,\(port);no-tls",
                "--backend=127.0.0.1,\(hostPort);;proto=h2", "--no-via", "--no-server-rewrite", "--no-location-rewrite",
                "--no-add-x-forwarded-proto", "--no-strip-incoming-x-forwarded-proto", "--workers=1",
                "--errorlog-file=/dev/null", "--accesslog-file=/dev/null", "--request-header-field-buffer=131072",
                "--max-request-header-fields=1000", "--backend-connect-timeout=60s",
            ])
            while process.isRunning {
                guard (try? RawClient(port: port)) == nil else {
                    self.port = port
                    self.process = process
                    return
                }
                // Not a wait for luck: the loop ends when it accepts, or has exited.
                usleep(2000)
            }
            // Another process has taken the port.
        }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw RawClient.Failure.connect(errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    func stop() {
        kill(self.process.identifier, SIGKILL)
        _ = self.process.waitUntilExit()
    }
}
