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
        let pipe = Pipe()
        let writer = LineWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, limit: 100_000)
        let line = Array((String(repeating: "x", count: 99) + "\n").utf8)
        // Far more than a pipe and the limit hold together.
        for _ in 0..<10_000 { writer.write(line) }
        var text = ""
        while !text.contains("lines dropped: the reader is too slow") {
            text += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        }
        let whole = text.split(separator: "\n").filter { $0.count == 99 }.count
        let dropped = try #require(text.split(separator: "\n").last.flatMap { Int($0.dropFirst().prefix { $0.isNumber }) })
        #expect(whole + dropped == 10_000)
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
