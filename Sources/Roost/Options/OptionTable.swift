/// All options of the server, in the order of `--help` and of the reference page.
package enum OptionTable {
    package struct Section: Sendable {
        package let title: String
        package let options: [ServerOption]
    }

    package static let addressSection = Section(title: "Addresses", options: Self.addresses)
    package static let proxySection = Section(title: "Proxies", options: Self.proxies)
    package static let tlsSection = Section(title: "TLS", options: Self.tls)
    package static let applicationSection = Section(title: "Applications", options: Self.applications)
    package static let pythonSection = Section(title: "Python applications", options: Self.python)
    package static let loggingSection = Section(title: "Logs and responses", options: Self.logs)
    package static let concurrencySection = Section(title: "Threads and concurrency", options: Self.concurrency)
    package static let limitSection = Section(title: "Limits of requests and responses", options: Self.limits)
    package static let timeoutSection = Section(title: "Timeouts", options: Self.timeouts)
    package static let http2Section = Section(title: "HTTP/2", options: Self.http2)
    package static let webSocketSection = Section(title: "WebSockets", options: Self.webSockets)
    package static let reloadSection = Section(title: "Reload", options: Self.reload)
    package static let workerSection = Section(title: "Workers", options: Self.workers)

    package static let sections = [
        Self.addressSection, Self.tlsSection, Self.proxySection, Self.applicationSection, Self.pythonSection,
        Self.loggingSection, Self.concurrencySection, Self.limitSection, Self.timeoutSection, Self.http2Section,
        Self.webSocketSection, Self.reloadSection, Self.workerSection,
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
