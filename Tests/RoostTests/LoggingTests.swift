import Foundation
import Logging
import TestSupport
import Testing

@testable import Roost

/// Lines for people and tools.
@Suite("Logging")
struct LoggingTests {
    @Test("a reader that takes nothing holds nobody up: what is too much is dropped, and counted")
    func slowReader() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        let writer = LineWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, limit: 100_000)
        let line = Array((String(repeating: "x", count: 99) + "\n").utf8)
        // Far more than a pipe and the limit hold together.
        for _ in 0..<10_000 { writer.write(line) }
        var text = ""
        var whole = 0
        var dropped = 0
        // Every line is there, or counted among the dropped.
        while whole + dropped < 10_000 {
            text += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
            let lines = text.split(separator: "\n")
            whole = lines.filter { $0.count == 99 }.count
            dropped = lines.filter { $0.hasSuffix("lines dropped: the reader is too slow)") }
                .reduce(0) { $0 + (Int($1.dropFirst().prefix { $0.isNumber }) ?? 0) }
        }
        #expect(whole + dropped == 10_000)
        #expect(dropped > 0)
    }

    @Test("what a module or a client says stays on its line, and moves no terminal")
    func oneLine() throws {
        let pipe = Pipe()
        let writer = LineWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let logger = Logger(label: "test") { _ in LineLogHandler(level: .info, writer: writer, isColoured: false) }
        logger.debug("not this")
        logger.error("a\nb\u{1b}[31m", metadata: ["k": "c\rd", "a": "1"])
        writer.flush()
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text.hasSuffix("Z error    a b [31m a=1 k=c d\n"))
        #expect(text.split(separator: "\n").count == 1)
    }
}
