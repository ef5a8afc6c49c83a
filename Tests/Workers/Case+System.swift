import Foundation
import TestHarness
import TestSupport

/// Service managers, and listening addresses.
extension Case {
    static let system: [Case] = [
        Case("NOTIFY_SOCKET and WATCHDOG_USEC") { modules in
            let folder = try TemporaryFolder()
            let socket = try NoticeSocket("\(folder.path)/notify")
            let server = try Server(
                try modules.crashes(),
                environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "500000"])
            let ready = try socket.wait(for: "READY=1")
            guard ready.contains("MAINPID=\(server.identifier)") else { throw UnexpectedResult("\(ready)") }
            let start = Time()
            for _ in 0..<5 { try socket.wait(for: "WATCHDOG=1") }
            let each = start.milliseconds / 5
            server.signal(SIGHUP)
            let reloading = try socket.wait(for: "RELOADING=1")
            guard reloading.contains(where: { $0.hasPrefix("MONOTONIC_USEC=") }) else {
                throw UnexpectedResult("\(reloading)")
            }
            try socket.wait(for: "READY=1")
            server.signal(SIGTERM)
            try socket.wait(for: "STOPPING=1")
            try expect("exit status", try server.waitForEnd(), 0)
            return "READY, RELOADING, READY, STOPPING; WATCHDOG=1 every \(each) ms"
        },
        Case("LISTEN_FDS: an inherited listening socket") { modules in
            let listener = try ListeningSocket()
            // The shell moves standard input to descriptor 3, where a service manager passes sockets.
            let server = try Server(
                try modules.crashes(), ["--workers", "2"],
                through: [
                    "/bin/sh", "-c", "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"",
                ], input: listener.file)
            let client = try RawClient(port: listener.port)
            client.send(Case.get("/"))
            try expect("status", try client.readResponse().status, 200)
            let urls = server.urls
            guard urls.count == 1, urls[0].hasSuffix(":\(listener.port)") else {
                throw UnexpectedResult("the server is listening on \(urls)")
            }
            try server.reload("--new-workers")
            try server.stop()
            // The test still has the socket: clients wait in its queue for the next start.
            _ = try RawClient(port: listener.port)
            return "served at \(urls[0]), also after a reload"
        },
        Case("--bind, three times: IPv4, IPv6 and a Unix socket") { modules in
            let folder = try TemporaryFolder()
            let path = "\(folder.path)/socket"
            let server = try Server(
                try modules.crashes(),
                ["--bind", "127.0.0.1:0", "--bind", "[::1]:0", "--bind", "unix:\(path),mode=600"])
            let urls = server.urls
            guard urls.count == 3, let port = urls[1].split(separator: ":").last.flatMap({ Int($0) }) else {
                throw UnexpectedResult("the server is listening on \(urls)")
            }
            var status = stat()
            try expect("stat", stat(path, &status), 0)
            try expect("mode", status.st_mode & 0o777, 0o600)
            for client in [
                try RawClient(port: server.port), try RawClient(portOf6: port), try RawClient(path: path),
            ] {
                client.send(Case.get("/"))
                try expect("status", try client.readResponse().status, 200)
            }
            try server.stop()
            try expect("socket file left", FileManager.default.fileExists(atPath: path), false)
            return "a response on each address; mode 600"
        },
    ]
}
