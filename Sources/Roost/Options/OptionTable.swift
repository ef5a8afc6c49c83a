/// All options of the server, in the order of `--help` and of the reference page.
package enum OptionTable {
    package struct Section: Sendable {
        package let title: String
        package let options: [ServerOption]
    }

    package static let sections = [
        Section(title: "Addresses", options: Self.addresses),
        Section(title: "Applications", options: Self.applications),
        Section(title: "Logs and responses", options: Self.logs),
        Section(title: "Threads and concurrency", options: Self.concurrency),
        Section(title: "Limits of requests and responses", options: Self.limits),
        Section(title: "Timeouts", options: Self.timeouts),
        Section(title: "WebSockets", options: Self.webSockets),
        Section(title: "Reload", options: Self.reload),
        Section(title: "Workers", options: Self.workers),
    ]

    package static let all = Self.sections.flatMap(\.options)

    private static let byName = Dictionary(uniqueKeysWithValues: Self.all.map { ($0.name, $0) })

    package static func option(named name: String) -> ServerOption? { self.byName[name] }
}

/// Common ranges.
extension ClosedRange<Int> {
    static var limit: ClosedRange<Int> { 1...(16 << 20) }
    static var size: ClosedRange<Int> { 1...Int.max }
    /// Seconds, up to one day.
    static var time: ClosedRange<Int> { 1...86_400 }
}
