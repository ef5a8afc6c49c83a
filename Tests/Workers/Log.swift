import Foundation
import TestHarness

/// The log of a server, read on a thread of its own, so that the server never blocks on the pipe.
final class Log: @unchecked Sendable {
    /// Guards the properties below; signalled when they change.
    private let changed = NSCondition()
    private var rest: [UInt8] = []
    private var lines: [String] = []
    private var hasEnded = false

    /// Reads the file until no process has it open for writing.
    func follow(_ file: FileHandle) {
        Thread {
            while true {
                let part = file.availableData
                self.changed.lock()
                self.take(part)
                self.changed.broadcast()
                self.changed.unlock()
                guard !part.isEmpty else { return }
            }
        }.start()
    }

    private func take(_ part: Data) {
        guard !part.isEmpty else {
            self.hasEnded = true
            if !self.rest.isEmpty { self.lines.append(String(decoding: self.rest, as: UTF8.self)) }
            return
        }
        self.rest += part
        while let end = self.rest.firstIndex(of: UInt8(ascii: "\n")) {
            self.lines.append(String(decoding: self.rest[..<end], as: UTF8.self))
            self.rest.removeSubrange(...end)
        }
    }

    /// The lines so far that contain all of these words.
    func all(_ words: String...) -> [String] { self.with { $0.filter { line in words.allSatisfy(line.contains) } } }

    /// The last lines, for error messages.
    var tail: String { self.with { $0.suffix(6).joined(separator: " | ") } }

    private func with<Result>(_ look: ([String]) -> Result) -> Result {
        self.changed.lock()
        defer { self.changed.unlock() }
        return look(self.lines)
    }

    /// Waits for a line that contains all of these words. `count`: the number of such lines to wait for; returns the
    /// last.
    @discardableResult
    func wait(for words: String..., count: Int = 1, seconds: Int = Time.patience) throws -> String {
        let until = Date(timeIntervalSinceNow: Double(seconds))
        self.changed.lock()
        defer { self.changed.unlock() }
        while true {
            let found = self.lines.filter { line in words.allSatisfy(line.contains) }
            if found.count >= count { return found[count - 1] }
            guard !self.hasEnded, self.changed.wait(until: until) else {
                let what = self.hasEnded ? "the log ended" : "timed out after \(seconds) s"
                throw UnexpectedResult(
                    "\(what) without \(words); last lines: \(self.lines.suffix(6).joined(separator: " | "))")
            }
        }
    }

    /// Waits until every process of the server has ended.
    func waitForEnd(seconds: Int = Time.patience) throws {
        let until = Date(timeIntervalSinceNow: Double(seconds))
        self.changed.lock()
        defer { self.changed.unlock() }
        while !self.hasEnded {
            guard self.changed.wait(until: until) else {
                throw UnexpectedResult(
                    "processes still running after \(seconds) s: \(self.lines.suffix(6).joined(separator: " | "))")
            }
        }
    }

    /// Returns the value of `name=value` in a line.
    static func field(_ name: String, of line: String) -> String? {
        line.components(separatedBy: " \(name)=").dropFirst().first.map { String($0.prefix { $0 != " " }) }
    }
}
