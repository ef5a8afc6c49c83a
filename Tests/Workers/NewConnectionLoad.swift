import Foundation
import TestHarness
import TestSupport

/// Clients that open a new connection for every request, at a rate per second.
struct NewConnectionLoad: Load {
    var port: Int
    var rate: Int

    func visit(_ tally: Tally) {
        let since = Time()
        do {
            let client = try RawClient(port: self.port)
            tally.count { $0.connections += 1 }
            client.send(Case.get("/"))
            let status = try client.readResponse().status
            guard status == 200 else { throw UnexpectedResult("status \(status)") }
            tally.count { $0.answered += 1 }
        } catch {
            tally.lose(Tally.Loss(since: since, text: "\(error) on a new connection"))
        }
        let left = 1000 / self.rate - since.milliseconds
        if left > 0 { usleep(UInt32(left * 1000)) }
    }
}
