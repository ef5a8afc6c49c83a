import Foundation
import TestHarness
import TestSupport

/// Slow clients.
extension Attack {
    static let slow: [Attack] = [
        .refused("slow header: a part of it, then nothing", with: 408) { "GET / HTTP/1.1\r\nhost:" },
        Attack("slow header: one byte per second") { victim in
            let client = try victim.client()
            var sent = 0
            // The timeout starts at the first byte; later bytes do not extend it.
            for byte in Attack.get.utf8 {
                client.send([byte])
                sent += 1
                if try !client.receivesNothing(milliseconds: 1000) { break }
            }
            try expect("status", try client.readResponse().status, 408)
            return "408 after \(sent) bytes, closed"
        },
        Attack("slow header: 1,000 clients at once") { victim in
            let clients = try (0..<1000).map { _ in try victim.client() }
            for client in clients { client.send("GET / HTTP/1.1\r\nx: ") }
            for client in clients { try expect("status", try client.readResponse().status, 408) }
            return "1,000 times 408"
        },
        .refused("slow body: one byte, then nothing", with: 408) { post("content-length: 100") + "x" },
        Attack("slow body: one byte per second, which counts as progress") { victim in
            let client = try victim.client()
            client.send(Attack.post("content-length: 4"))
            for _ in 0..<4 {
                _ = try client.receivesNothing(milliseconds: 1000)
                client.send("x")
            }
            let response = try client.readResponse()
            try expect("response", "\(response.status) \(response.text)", "200 4")
            return "200, all 4 bytes"
        },
        Attack("slow clients: 100 request 1 GiB each and read nothing") { victim in
            let before = try victim.memory
            let clients = try (0..<100).map { _ in try victim.client() }
            for client in clients { client.send("GET /stream?1024 HTTP/1.1\r\nhost: x\r\n\r\n") }
            for client in clients {
                guard client.waitForDisconnect(seconds: 60) else { throw UnexpectedResult("a connection stayed open") }
            }
            let grown = try victim.peak - before
            guard grown < 100 * 400 * 1024 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
            return "connections closed; at most \(grown / 100 / 1024) KiB per client"
        },
        Attack("slow clients: 100 request 16 lent bodies of 1 MiB each and read nothing") { victim in
            let before = try victim.memory
            let clients = try (0..<100).map { _ in try victim.client() }
            let requests = String(repeating: "GET /1m HTTP/1.1\r\nhost: x\r\n\r\n", count: 16)
            for client in clients { client.send(requests) }
            for client in clients {
                guard client.waitForDisconnect(seconds: 60) else { throw UnexpectedResult("a connection stayed open") }
            }
            return "connections closed; at most \(max(try victim.peak - before, 0) / 100 / 1024) KiB per client"
        },
    ]
}
