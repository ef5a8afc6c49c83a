import Foundation
import TestHarness
import TestSupport

/// Clients that send or request large amounts of data.
extension Attack {
    static let large: [Attack] = [
        .refused("a header field of 100,000 bytes", with: 431) {
            "GET / HTTP/1.1\r\nhost: x\r\nx: \(String(repeating: "x", count: 100_000))\r\n\r\n"
        },
        .refused("a request header of 100,000 bytes in fields of 1,000", with: 431) {
            let field = "x: \(String(repeating: "x", count: 995))\r\n"
            return "GET / HTTP/1.1\r\nhost: x\r\n\(String(repeating: field, count: 100))\r\n"
        },
        .refused("2,000 header fields", with: 431) {
            "GET / HTTP/1.1\r\nhost: x\r\n\(String(repeating: "a: b\r\n", count: 2000))\r\n"
        },
        .refused("a request line of 100,000 bytes", with: 414) {
            "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nhost: x\r\n\r\n"
        },
        .refused("an endless chunk extension", with: 400) {
            post("transfer-encoding: chunked") + "1;" + String(repeating: "x", count: 100_000)
        },
        .refused("endless trailers", with: 431) {
            post("transfer-encoding: chunked") + "0\r\n" + String(repeating: "a: b\r\n", count: 20_000)
        },
        Attack("a body of a million chunks of one byte") { victim in
            let client = try victim.client()
            client.send(Attack.post("transfer-encoding: chunked"))
            let thousand = Array(String(repeating: "1\r\nx\r\n", count: 1000).utf8)
            for _ in 0..<1000 { client.send(thousand) }
            client.send("0\r\n\r\n")
            try expect("response", try client.readResponse().text, "1000000")
            return "200, complete"
        },
        Attack("a body of 1 TiB that the module does not read") { victim in
            let client = try victim.client()
            client.send(Attack.post("content-length: \(1 << 40)", to: "/"))
            let response = try client.readResponse()
            try expect("response", "\(response.status) \(response.header("connection") ?? "")", "200 close")
            // The server lingers so that the client can read the response, but not for long.
            let sent = client.sendUntilClosed(1 << 40)
            guard sent < 1 << 40 else { throw UnexpectedResult("the server read the whole body") }
            return "200, closed after \(mebibytes(sent))"
        },
        Attack(
            "an upload of 10 GiB through a module",
            onFresh: { victim in
                let client = try victim.client()
                client.send(Attack.post("content-length: \(10 << 30)"))
                let part = [UInt8](repeating: 0x78, count: 1 << 20)
                let grown = try victim.growth {
                    for _ in 0..<(10 << 10) { client.send(part) }
                    try expect("response", try client.readResponse().text, "\(10 << 30)")
                }
                return "complete; memory grew by at most \(mebibytes(grown))"
            }),
        Attack(
            "a download of 10 GiB through a module",
            onFresh: { victim in
                let client = try victim.client()
                client.send("GET /stream?10240 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                let grown = try victim.growth {
                    let count = client.skipToEnd()
                    // The framing of each chunk of 64 KiB has nine bytes: its size and two line ends.
                    let chunks = (10 << 30) >> 16
                    guard count > (10 << 30) + chunks * 9, count < (10 << 30) + chunks * 9 + 500 else {
                        throw UnexpectedResult("received \(count) bytes")
                    }
                }
                return "complete; memory grew by at most \(mebibytes(grown))"
            }),
        Attack(
            "a file of 10 GiB by pathsend",
            onFresh: { victim in
                let folder = try TemporaryFolder()
                let path = try folder.write("large", "")
                truncate(path, 10 << 30)
                let client = try victim.client()
                client.send("GET /file?\(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                let grown = try victim.growth {
                    let count = client.skipToEnd()
                    guard count > 10 << 30, count < (10 << 30) + 500 else {
                        throw UnexpectedResult("received \(count) bytes")
                    }
                }
                return "complete; memory grew by at most \(mebibytes(grown))"
            }),
    ]
}

extension Victim {
    /// Returns the peak growth of memory during `body`, in bytes. Throws at 20 MiB.
    func growth(_ body: () throws -> Void) throws -> Int {
        let before = try self.memory
        try self.resetPeak()
        try body()
        let grown = try max(self.peak - before, 0)
        guard grown < 20 << 20 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
        return grown
    }
}
