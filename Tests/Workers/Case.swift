/// A check of worker processes. `run` returns a summary with measurements, or throws.
struct Case: Sendable {
    let name: String
    let run: @Sendable (Modules) throws -> String

    init(_ name: String, _ run: @escaping @Sendable (Modules) throws -> String) {
        self.name = name
        self.run = run
    }

    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n" }
}
