import Glibc

/// A standard stream of a process of `roost`, with colours if it is a terminal.
package struct Terminal: Sendable {
    package static let error = Terminal(descriptor: 2)
    package static let output = Terminal(descriptor: 1)

    let descriptor: CInt

    /// Whether the stream is a terminal that should get colours (https://no-color.org).
    package var isColoured: Bool {
        isatty(self.descriptor) != 0 && getenv("NO_COLOR") == nil
            && getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    package func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    package func bold(_ text: String) -> String { self.isColoured ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    package func dim(_ text: String) -> String { self.isColoured ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
    package func green(_ text: String) -> String { self.isColoured ? "\u{1b}[32m\(text)\u{1b}[0m" : text }
    package func red(_ text: String) -> String { self.isColoured ? "\u{1b}[31m\(text)\u{1b}[0m" : text }
    package func yellow(_ text: String) -> String { self.isColoured ? "\u{1b}[33m\(text)\u{1b}[0m" : text }
}
