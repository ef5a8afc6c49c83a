import Foundation
import TestHarness
import TestSupport

/// Clients that send much, or ask for much.
extension Attack {
    static let large: [Attack] = [
        .refused("a field of 100,000 bytes", with: 431) {
            "GET / HTTP/1.1\r\nhost: x\r\nx: \(String(repeating: "x", count: 100_000))\r\n\r\n"
        },
        .refused("100,000 bytes of header in fields of 1,000", with: 431) {
            let field = "x: \(String(repeating: "x", count: 995))\r\n"
            return "GET / HTTP/1.1\r\nhost: x\r\n\(String(repeating: field, count: 100))\r\n"
        },
        .refused("2,000 headers", with: 431) {
            "GET / HTTP/1.1\r\nhost: x\r\n\(String(repeating: "a: b\r\n", count: 2000))\r\n"
        },
        .refused("a request line of 100,000 bytes", with: 414) {
            "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nhost: x\r\n\r\n"
        },
        .refused("chunk extensions without end", with: 400) {
            post("transfer-encoding: chunked") + "1;" + String(repeating: "x", count: 100_000)
        },
        .refused("trailers without end", with: 431) {
            post("transfer-encoding: chunked") + "0\r\n" + String(repeating: "a: b\r\n", count: 20_000)
        },
        Attack("a body of a million chunks of one byte") { victim in
            let client = try victim.client()
            client.send(Attack.post("transfer-encoding: chunked"))
            let thousand = Array(String(repeating: "1\r\nx\r\n", count: 1000).utf8)
            for _ in 0..<1000 { client.send(thousand) }
            client.send("0\r\n\r\n")
            try expect("answer", try client.readResponse().text, "1000000")
            return "200, all of it"
        },
        Attack("a body of 1 TiB that nobody receives") { victim in
            let client = try victim.client()
            client.send(Attack.post("content-length: \(1 << 40)", to: "/"))
            let response = try client.readResponse()
            try expect("answer", "\(response.status) \(response.header("connection") ?? "")", "200 close")
            // It lingers, so that the answer can be read, but not for long.
            let sent = client.sendUntilRefused(1 << 40)
            guard sent < 1 << 40 else { throw UnexpectedResult("all of it was taken") }
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
                    try expect("answer", try client.readResponse().text, "\(10 << 30)")
                }
                return "all of it; \(mebibytes(grown)) above idle at most"
            }),
        Attack(
            "a download of 10 GiB through a module",
            onFresh: { victim in
                let client = try victim.client()
                client.send("GET /stream?10240 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                let grown = try victim.growth {
                    let count = client.skipToEnd()
                    // Each chunk of 64 KiB has nine bytes around it: its size and two line ends.
                    let chunks = (10 << 30) >> 16
                    guard count > (10 << 30) + chunks * 9, count < (10 << 30) + chunks * 9 + 500 else {
                        throw UnexpectedResult("\(count) bytes came")
                    }
                }
                return "all of it; \(mebibytes(grown)) above idle at most"
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
                        throw UnexpectedResult("\(count) bytes came")
                    }
                }
                return "all of it; \(mebibytes(grown)) above idle at most"
            }),
    ]
}

extension Victim {
    /// How far it grew at most while this went on; more than 20 MiB is too far.
    func growth(_ body: () throws -> Void) throws -> Int {
        let before = try self.memory
        try self.resetPeak()
        try body()
        let grown = try max(self.peak - before, 0)
        guard grown < 20 << 20 else { throw UnexpectedResult("it grew by \(mebibytes(grown))") }
        return grown
    }
}
