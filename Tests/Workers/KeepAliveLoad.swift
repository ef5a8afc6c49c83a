import Foundation
import TestHarness
import TestSupport

/// Clients that send requests on persistent connections, optionally pipelined.
struct KeepAliveLoad: Load {
    var port: Int
    var path = "/"
    /// The number of pipelined requests.
    var depth = 1
    /// The longest pause between requests, in milliseconds. It lets a drain meet idle connections.
    var pause = 0

    func visit(_ tally: Tally) {
        let since = Time()
        var worker: Int32?
        do {
            let client = try RawClient(port: self.port)
            tally.count { $0.connections += 1 }
            let requests = String(repeating: Case.get(self.path), count: self.depth)
            while !tally.isOver {
                client.send(requests)
                for number in 1...self.depth {
                    let response = try client.readResponse()
                    guard response.status == 200 else {
                        throw UnexpectedResult("status \(response.status): \(response.text)")
                    }
                    // The text is "one 4711", with the process id of the worker.
                    worker = response.text.split(separator: " ").last.flatMap { Int32($0) }
                    tally.count { $0.answered += 1 }
                    guard response.header("connection") == "close" else { continue }
                    // RFC 9112 §9.6: pipelined requests after it were not processed.
                    tally.count {
                        $0.farewells += 1
                        $0.repeated += self.depth - number
                    }
                    guard try !client.readMore() else { throw UnexpectedResult("data after connection: close") }
                    return
                }
                if self.pause > 0 { usleep(.random(in: 0...UInt32(self.pause * 1000))) }
            }
        } catch {
            tally.lose(Tally.Loss(worker: worker, since: since, text: "\(error) on a persistent connection"))
        }
    }
}
