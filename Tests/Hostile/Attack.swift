import TestHarness
import TestSupport

/// An attack. `run` returns its outcome, or throws if the server did not respond as expected.
struct Attack: Sendable {
    let name: String
    let run: @Sendable (Victim) throws -> String

    init(_ name: String, _ run: @escaping @Sendable (Victim) throws -> String) {
        self.name = name
        self.run = run
    }

    /// An attack on a new server. Memory that an earlier attack has freed would distort the measurement.
    init(_ name: String, onFresh run: @escaping @Sendable (Victim) throws -> String) {
        self.init(name) { _ in
            let victim = try Victim()
            try victim.checkAlive()
            let outcome = try run(victim)
            try victim.checkAlive()
            try victim.stop()
            return outcome
        }
    }

    /// A request that is refused with a status, after which the server closes the connection.
    static func refused(_ name: String, with status: Int, _ request: @escaping @Sendable () -> String) -> Attack {
        Attack(name) { victim in
            let client = try victim.client()
            client.send(request())
            try expect("status", try client.readResponse().status, status)
            try expect("more bytes", try client.readMore(), false)
            return "\(status), closed"
        }
    }

    static let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"

    static func post(_ fields: String, to path: String = "/upload") -> String {
        "POST \(path) HTTP/1.1\r\nhost: x\r\n\(fields)\r\n\r\n"
    }
}
