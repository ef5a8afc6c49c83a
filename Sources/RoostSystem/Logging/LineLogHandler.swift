import Glibc
package import Logging

/// Writes log lines for people and for tools: time, level, message, and metadata as `key=value`, quoted by the rule of `LogText`; coloured on a
/// terminal.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let writer: LineWriter
    private let isColoured: Bool

    package init(level: Logger.Level, writer: LineWriter, isColoured: Bool) {
        self.logLevel = level
        self.writer = writer
        self.isColoured = isColoured
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = "\(Self.time()) \(self.name(event.level)) \(LogText.message(event.message.description))"
        let all = self.metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(LogText.value(value.description))"
        }
        self.writer.write((line + "\n").utf8.map { $0 })
    }

    private func name(_ level: Logger.Level) -> String {
        let (name, colour) =
            switch level {
            case .trace: ("trace   ", 90)
            case .debug: ("debug   ", 90)
            case .info: ("info    ", 32)
            case .notice: ("notice  ", 36)
            case .warning: ("warning ", 33)
            case .error: ("error   ", 31)
            case .critical: ("critical", 35)
            }
        return self.isColoured ? "\u{1b}[\(colour)m\(name)\u{1b}[0m" : name
    }

    /// `2026-11-22T16:00:00.123Z`.
    private static func time() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func padded(_ number: Int, _ digits: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(digits - text.count, 0)) + text
        }
        let day = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let time = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(day)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
    }
}
