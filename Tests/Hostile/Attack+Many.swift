import Foundation
import TestHarness
import TestSupport

/// Many connections, or many requests on one connection.
extension Attack {
    static let many: [Attack] = [
        Attack(
            "10,000 idle connections after one request each",
            onFresh: { victim in
                let before = try victim.memory
                var clients: [RawClient] = []
                for _ in 0..<10_000 {
                    let client = try victim.client()
                    client.send(Attack.get)
                    try expect("status", try client.readResponse().status, 200)
                    clients.append(client)
                }
                let each = try (victim.memory - before) / clients.count
                try victim.checkAlive()
                // Samples from the whole range are still open.
                for index in stride(from: 0, to: 10_000, by: 1000) {
                    clients[index].send(Attack.get)
                    try expect("status", try clients[index].readResponse().status, 200)
                }
                guard each < 8 << 10 else { throw UnexpectedResult("\(each) bytes per connection") }
                return "all open and answered; \(each) bytes per connection"
            }),
        Attack("200,000 pipelined requests from a client that does not read") { victim in
            let before = try victim.memory
            let client = try victim.client()
            let flood = Array(String(repeating: Attack.get, count: 1000).utf8)
            // One thread writes to the socket, another reads from it.
            nonisolated(unsafe) let sender = client
            Thread { for _ in 0..<200 { sender.send(flood) } }.start()
            // The client reads no response until the server has stopped reading requests.
            _ = try client.receivesNothing(milliseconds: 1000)
            let grown = try max(victim.peak - before, 0)
            try expect("responses", client.count(UInt8(ascii: "!"), upTo: 200_000), 200_000)
            guard grown < 4 << 20 else { throw UnexpectedResult("memory grew by \(mebibytes(grown))") }
            return "all answered once the client reads; memory grew by at most \(grown >> 10) KiB"
        },
        Attack("100,000 pipelined requests for a small file from a client that does not read") { victim in
            let folder = try TemporaryFolder()
            let path = try folder.write("digits", "012345678!")
            let before = try victim.descriptors
            let client = try victim.client()
            let flood = Array(String(repeating: "GET /file?\(path) HTTP/1.1\r\nhost: x\r\n\r\n", count: 1000).utf8)
            nonisolated(unsafe) let sender = client
            Thread { for _ in 0..<100 { sender.send(flood) } }.start()
            _ = try client.receivesNothing(milliseconds: 1000)
            let open = try victim.descriptors - before
            guard open <= 70 else { throw UnexpectedResult("\(open) descriptors are open") }
            try expect("responses", client.count(UInt8(ascii: "!"), upTo: 100_000), 100_000)
            return "all answered once the client reads; \(open) open descriptors meanwhile"
        },
        Attack("200 connections to a server limited to 64 descriptors") { _ in
            let victim = try Victim(limitedTo: 64)
            var clients = try (0..<200).map { _ in try victim.client() }
            clients[0].send(Attack.get)
            try expect("status of the first client", try clients[0].readResponse().status, 200)
            let idle = try victim.busyTicks { _ = try clients[199].receivesNothing(milliseconds: 1000) }
            guard idle < 20 else { throw UnexpectedResult("the server spins: \(idle) CPU ticks in a second") }
            // The server accepts queued connections when others close.
            clients.removeFirst(180)
            clients[19].send(Attack.get)
            try expect("status of the last client", try clients[19].readResponse().status, 200)
            clients = []
            try victim.checkAlive()
            try victim.stop()
            return "the first client and, after others closed, the last were answered; \(idle)% of a CPU meanwhile"
        },
    ]
}
