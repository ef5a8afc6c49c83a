import Foundation
import TestHarness
import TestSupport

/// Clients that keep their connections, and ask one request after another on them, or several at a time.
struct KeepAliveLoad: Load {
    var port: Int
    var path = "/"
    /// Requests that are sent before the first answer is read.
    var depth = 1
    /// Milliseconds between requests, at most: a connection that is idle for a moment is what a drain meets.
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
                    // "one 4711"
                    worker = response.text.split(separator: " ").last.flatMap { Int32($0) }
                    tally.count { $0.answered += 1 }
                    guard response.header("connection") == "close" else { continue }
                    // RFC 9112 §9.6: what was sent behind it was not worked on.
                    tally.count {
                        $0.farewells += 1
                        $0.repeated += self.depth - number
                    }
                    guard try !client.readMore() else { throw UnexpectedResult("more after connection: close") }
                    return
                }
                if self.pause > 0 { usleep(.random(in: 0...UInt32(self.pause * 1000))) }
            }
        } catch {
            tally.lose(Tally.Loss(worker: worker, since: since, text: "\(error) on a kept connection"))
        }
    }
}
