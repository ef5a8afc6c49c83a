import Foundation
import TestHarness
import TestSupport

/// Clients that come in numbers.
extension Attack {
    static let many: [Attack] = [
        Attack(
            "10,000 idle connections, each after a request",
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
                // Some in the middle are there still.
                for index in stride(from: 0, to: 10_000, by: 1000) {
                    clients[index].send(Attack.get)
                    try expect("status", try clients[index].readResponse().status, 200)
                }
                guard each < 8 << 10 else { throw UnexpectedResult("\(each) bytes a connection") }
                return "all kept and answered; \(each) bytes each"
            }),
        Attack("a flood: 200,000 pipelined requests, and nobody reads") { victim in
            let before = try victim.memory
            let client = try victim.client()
            let flood = Array(String(repeating: Attack.get, count: 1000).utf8)
            // The other direction of the same socket.
            nonisolated(unsafe) let sender = client
            Thread { for _ in 0..<200 { sender.send(flood) } }.start()
            // No answer is taken until the server has stopped taking requests.
            _ = try client.isSilent(milliseconds: 1000)
            let grown = try max(victim.peak - before, 0)
            try expect("answers", client.count(UInt8(ascii: "!"), upTo: 200_000), 200_000)
            guard grown < 4 << 20 else { throw UnexpectedResult("it grew by \(mebibytes(grown))") }
            return "all answered when they are read; \(grown >> 10) KiB kept meanwhile"
        },
        Attack("a flood: 100,000 pipelined files of ten bytes, and nobody reads") { victim in
            let folder = try TemporaryFolder()
            let path = try folder.write("digits", "012345678!")
            let before = try victim.descriptors
            let client = try victim.client()
            let flood = Array(String(repeating: "GET /file?\(path) HTTP/1.1\r\nhost: x\r\n\r\n", count: 1000).utf8)
            nonisolated(unsafe) let sender = client
            Thread { for _ in 0..<100 { sender.send(flood) } }.start()
            _ = try client.isSilent(milliseconds: 1000)
            let open = try victim.descriptors - before
            guard open <= 70 else { throw UnexpectedResult("\(open) descriptors are open") }
            try expect("answers", client.count(UInt8(ascii: "!"), upTo: 100_000), 100_000)
            return "all answered when they are read; \(open) descriptors meanwhile"
        },
        Attack("out of descriptors: 200 connections to a server that may have 64") { _ in
            let victim = try Victim(limitedTo: 64)
            var clients = try (0..<200).map { _ in try victim.client() }
            clients[0].send(Attack.get)
            try expect("status of the first", try clients[0].readResponse().status, 200)
            let idle = try victim.busyTicks { _ = try clients[199].isSilent(milliseconds: 1000) }
            guard idle < 20 else { throw UnexpectedResult("it spins: \(idle) ticks of CPU in a second") }
            // Those in the queue are accepted as others leave.
            clients.removeFirst(180)
            clients[19].send(Attack.get)
            try expect("status of the last", try clients[19].readResponse().status, 200)
            clients = []
            try victim.checkAlive()
            try victim.stop()
            return "the first and, when there was room, the last were answered; \(idle)% of a CPU meanwhile"
        },
    ]
}
