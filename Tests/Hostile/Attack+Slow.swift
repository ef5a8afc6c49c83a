import Foundation
import TestHarness
import TestSupport

/// Clients that take their time.
extension Attack {
    static let slow: [Attack] = [
        .refused("slow head: a part of it, then nothing", with: 408) { "GET / HTTP/1.1\r\nhost:" },
        Attack("slow head: a byte a second") { victim in
            let client = try victim.client()
            var sent = 0
            // Time counts from the first byte, whatever comes after it.
            for byte in Attack.get.utf8 {
                client.send([byte])
                sent += 1
                if try !client.isSilent(milliseconds: 1000) { break }
            }
            try expect("status", try client.readResponse().status, 408)
            return "408 after \(sent) bytes, closed"
        },
        Attack("slow heads: a thousand at once") { victim in
            let clients = try (0..<1000).map { _ in try victim.client() }
            for client in clients { client.send("GET / HTTP/1.1\r\nx: ") }
            for client in clients { try expect("status", try client.readResponse().status, 408) }
            return "1,000 times 408"
        },
        .refused("slow body: a byte of it, then nothing", with: 408) { post("content-length: 100") + "x" },
        Attack("slow body: a byte a second, which is progress") { victim in
            let client = try victim.client()
            client.send(Attack.post("content-length: 4"))
            for _ in 0..<4 {
                _ = try client.isSilent(milliseconds: 1000)
                client.send("x")
            }
            let response = try client.readResponse()
            try expect("answer", "\(response.status) \(response.text)", "200 4")
            return "200, all 4 bytes"
        },
        Attack("slow readers: 100 ask for 1 GiB each and read nothing") { victim in
            let before = try victim.memory
            let clients = try (0..<100).map { _ in try victim.client() }
            for client in clients { client.send("GET /stream?1024 HTTP/1.1\r\nhost: x\r\n\r\n") }
            for client in clients {
                guard client.waitForLoss(seconds: 60) else { throw UnexpectedResult("a connection was kept") }
            }
            let grown = try victim.peak - before
            guard grown < 100 * 400 * 1024 else { throw UnexpectedResult("it grew by \(mebibytes(grown))") }
            return "connections lost; \(grown / 100 / 1024) KiB a reader at most"
        },
        Attack("slow readers: 100 ask for 16 lent bodies of 1 MiB, and read nothing") { victim in
            let before = try victim.memory
            let clients = try (0..<100).map { _ in try victim.client() }
            let requests = String(repeating: "GET /1m HTTP/1.1\r\nhost: x\r\n\r\n", count: 16)
            for client in clients { client.send(requests) }
            for client in clients {
                guard client.waitForLoss(seconds: 60) else { throw UnexpectedResult("a connection was kept") }
            }
            return "connections lost; \(max(try victim.peak - before, 0) / 100 / 1024) KiB a reader at most"
        },
    ]
}
