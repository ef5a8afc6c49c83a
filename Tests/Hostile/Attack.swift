import TestSupport

/// One way to do harm. `run` says what it got, or throws what surprised it.
struct Attack: Sendable {
    let name: String
    let run: @Sendable (Victim) throws -> String

    init(_ name: String, _ run: @escaping @Sendable (Victim) throws -> String) {
        self.name = name
        self.run = run
    }

    static let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"

    static func post(_ fields: String, to path: String = "/upload") -> String {
        "POST \(path) HTTP/1.1\r\nhost: x\r\n\(fields)\r\n\r\n"
    }

    static func mebibytes(_ bytes: Int) -> String {
        let tenths = (bytes * 10) >> 20
        return "\(tenths / 10).\(tenths % 10) MiB"
    }
}
