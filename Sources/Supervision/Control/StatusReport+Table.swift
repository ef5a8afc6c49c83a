import RoostSystem

/// The report as text for a terminal.
extension StatusReport {
    /// The style of a text in the table.
    package enum Style { case plain, strong, dim, good, bad }

    /// Returns the report as lines and columns. `paint`: colours a text, or returns it unchanged.
    package func table(now: Int, paint colour: (String, Style) -> String) -> String {
        // Names and faults come from modules and files, and may contain control characters.
        func paint(_ text: String, _ style: Style) -> String { colour(LogText.printable(text), style) }
        let total = self.workers.reduce(0) { $0 + $1.requests }
        var text = """
            \(paint("roost \(self.version)", .strong))  \(self.state), pid \(self.pid), for \(Self.time(now - self.since))
            \(self.addresses.joined(separator: "  "))
            \(total) requests by these workers, \(self.crashes) crashes, \(self.restarts) restarts\n
            """
        if !self.lastCrash.isEmpty { text += "last crash: \(paint(self.lastCrash, .bad))\n" }
        if !self.certificates.isEmpty {
            text +=
                "\n"
                + Self.columns(
                    ["certificate", "days left", "names"],
                    self.certificates.map { certificate in
                        [
                            certificate.file, "\(max((certificate.ends - now) / 86_400, 0))",
                            certificate.names.joined(separator: " "),
                        ]
                    }, paint: paint)
        }
        text +=
            "\n"
            + Self.columns(
                ["application", "mount", "state", "generation", "workers", "module"],
                self.applications.map { application in
                    let name =
                        application.version.isEmpty ? application.name : "\(application.name) \(application.version)"
                    return [
                        name, application.mount, application.state, application.generation,
                        application.group.isEmpty ? "-" : application.group, application.module,
                    ]
                }, paint: paint)
        for application in self.applications where !application.fault.isEmpty {
            text += "\(paint(application.name, .strong)): \(paint(application.fault, .bad))\n"
        }
        text +=
            "\n"
            + Self.columns(
                [
                    "worker", "state", "for", "requests", "errors", "connections", "unfinished", "memory", "generation",
                    "group",
                ],
                self.workers.map { worker in
                    [
                        "\(worker.pid)", worker.state, Self.time(now - worker.since), "\(worker.requests)",
                        "\(worker.errors)", "\(worker.connections)", "\(worker.unfinished)", Self.size(worker.memory),
                        worker.generation, worker.group.isEmpty ? "-" : worker.group,
                    ]
                }, paint: paint)
        return text
    }

    private static func columns(
        _ head: [String], _ rows: [[String]], paint: (String, Style) -> String
    ) -> String {
        let rows = rows.map { $0.map(LogText.printable) }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String], _ style: (String) -> Style) -> String {
            zip(cells, widths).map { cell, width in
                paint(cell, style(cell)) + String(repeating: " ", count: width - cell.count + 2)
            }.joined().replacingTrailingSpaces() + "\n"
        }
        return line(head) { _ in .dim }
            + rows.map { row in
                line(row) { cell in
                    switch cell {
                    case "ready", "serving": .good
                    case "quarantined", "failing": .bad
                    default: .plain
                    }
                }
            }.joined()
    }

    private static func time(_ seconds: Int) -> String {
        switch max(seconds, 0) {
        case let seconds where seconds < 120: "\(seconds) s"
        case let seconds where seconds < 7200: "\(seconds / 60) min"
        case let seconds where seconds < 172_800: "\(seconds / 3600) h"
        case let seconds: "\(seconds / 86_400) days"
        }
    }

    private static func size(_ bytes: Int) -> String {
        let tenths = bytes / ((1 << 20) / 10)
        return "\(tenths / 10).\(tenths % 10) MiB"
    }
}

extension String {
    fileprivate func replacingTrailingSpaces() -> String {
        var text = self
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}
