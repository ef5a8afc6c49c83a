import TestHarness
import TestSupport

/// An attack. `run` returns what it got, or throws when the server did not respond as expected.
struct Attack: Sendable {
    let name: String
    let run: @Sendable (Victim) throws -> String

    init(_ name: String, _ run: @escaping @Sendable (Victim) throws -> String) {
        self.name = name
        self.run = run
    }

    /// Against a server of its own: memory that another attack has left free would be taken for this one's.
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

    /// Something that is refused with a status, and a close.
    static func refused(_ name: String, with status: Int, _ request: @escaping @Sendable () -> String) -> Attack {
        Attack(name) { victim in
            let client = try victim.client()
            client.send(request())
            try expect("status", try client.readResponse().status, status)
            try expect("more", try client.readMore(), false)
            return "\(status), closed"
        }
    }

    static let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"

    static func post(_ fields: String, to path: String = "/upload") -> String {
        "POST \(path) HTTP/1.1\r\nhost: x\r\n\(fields)\r\n\r\n"
    }
}
