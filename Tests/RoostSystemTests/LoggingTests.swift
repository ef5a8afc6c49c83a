import Foundation
import Logging
import TestSupport
import Testing

@testable import RoostSystem

/// The format of log lines, for people and for tools.
@Suite("Logging")
struct LoggingTests {
    @Test("a slow reader does not block writers: excess lines are dropped and counted")
    func slowReader() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        let writer = LineWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, limit: 100_000)
        let line = Array((String(repeating: "x", count: 99) + "\n").utf8)
        // Far more than the pipe and the limit can hold.
        for _ in 0..<10_000 { writer.write(line) }
        var text = ""
        var whole = 0
        var dropped = 0
        // Every line arrives, or is counted as dropped.
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

    /// Writes a message, and returns its log line.
    private static func line(
        _ message: Logger.Message, _ metadata: Logger.Metadata, _ format: LogFormat, isColoured: Bool = false
    ) -> String {
        let line = Self.text(message, metadata, format, isColoured: isColoured)
        #expect(line.split(separator: "\n").count == 1)
        return line
    }

    /// Writes a message, and returns what is logged.
    private static func text(
        _ message: Logger.Message, _ metadata: Logger.Metadata, _ format: LogFormat, isColoured: Bool = false
    ) -> String {
        let pipe = Pipe()
        let writer = LineWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let logger = Logger(label: "test") { _ in
            LineLogHandler(level: .info, writer: writer, format: format, isColoured: isColoured)
        }
        logger.debug("not this")
        logger.error(message, metadata: metadata)
        writer.flush()
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text.hasSuffix("\n"))
        return text.dropLast().description
    }

    /// Writes a message, and returns its log line without the time.
    private static func line(_ message: Logger.Message, _ metadata: Logger.Metadata = [:]) -> String {
        Self.line(message, metadata, .text).dropFirst("2026-11-22T16:00:00.123Z ".count).description
    }

    /// Writes a message as JSON, and returns the members of its log line.
    private static func members(_ message: Logger.Message, _ metadata: Logger.Metadata = [:]) throws -> [String: String]
    {
        let line = Self.line(message, metadata, .json, isColoured: true)
        // No character controls a terminal or ends the line for a reader of Unicode lines.
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
        #expect(line.unicodeScalars.allSatisfy { ![0x2028, 0x2029, 0x202e, 0xfeff].contains($0.value) })
        return try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    }

    @Test("the lines of a message are kept, indented, so that none is taken for a line of the log")
    func lines() {
        let traceback = "Traceback:\n  File \"x.py\"\n2026-01-01T00:00:00.000Z error    forged=1\n\u{1b}[31m\n"
        let text = Self.text("\(traceback)", ["scope": "1a"], .text)
        #expect(
            text.dropFirst("2026-11-22T16:00:00.123Z ".count) == """
                error    Traceback: scope=1a
                      File "x.py"
                    2026-01-01T00:00:00.000Z error    forged=1
                     [31m
                """)
    }

    @Test("a line of JSON is one object with time, level, message and fields, whatever they contain")
    func json() throws {
        var members = try Self.members("worker exited", ["pid": "12", "signal": "SIGSEGV"])
        let time = members.removeValue(forKey: "time") ?? ""
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
        #expect(members == ["level": "error", "message": "worker exited", "pid": "12", "signal": "SIGSEGV"])
        let hostile = "\"a\\ \n\r\t\0\u{1b}[31m\u{7f}\u{9b}\u{85}\u{2028}\u{2029}\u{202e}\u{feff}/é日😀 k=v,}"
        let reported = try Self.members("\(hostile)", ["k": "\(hostile)", "\(hostile)": "v", "empty": ""])
        #expect(
            reported["message"] == hostile && reported["k"] == hostile && reported[hostile] == "v"
                && reported["empty"] == "")
        #expect(reported.count == 6)
    }

    @Test("a field with the name of a fixed key of JSON gets an underscore")
    func jsonKeys() throws {
        var members = try Self.members("m", ["time": "1", "level": "2", "message": "3", "timer": "4"])
        #expect(members.removeValue(forKey: "time")?.hasSuffix("Z") == true)
        #expect(
            members == [
                "level": "error", "message": "m", "_time": "1", "_level": "2", "_message": "3", "timer": "4",
            ])
    }

    @Test("a line of a message has no escape sequences for the terminal")
    func oneLine() {
        #expect(
            Self.line("a\rb\u{1b}[31m\u{9b}1m\u{202e}\u{2028}x é 😀", ["k": "d", "a": "1"])
                == "error    a b [31m 1m  x é 😀 a=1 k=d")
    }

    @Test(
        "a value that is not a single word is quoted",
        arguments: [
            ("word", "word"), ("/a/b.so:4", "/a/b.so:4"), ("é日😀", "é日😀"),
            ("http://x:80,http://y", "http://x:80,http://y"),
            (#"a\b"#, #"a\b"#), ("", #""""#), ("a b", #""a b""#), ("a\u{a0}b", "\"a\u{a0}b\""), (#"a"b"#, #""a\"b""#),
            (#"a "\""#, #""a \"\\\"""#), ("a\nb\r\t", #""a\nb\r\t""#),
            ("a\u{1b}[1m\u{7f}\u{1}", #""a\x1b[1m\x7f\x01""#),
            ("\u{85}\u{202e}", #""\xc2\x85\xe2\x80\xae""#),
            // A reader that ignores quotes must not find a key=value pair either.
            ("x application=innocent", #""x application\x3dinnocent""#), ("a=b", #""a\x3db""#),
        ]
    )
    func values(value: String, written: String) {
        #expect(Self.line("m", ["k": "\(value)"]) == "error    m k=\(written)")
    }

    @Test(
        "a message that could be read as key=value pairs is quoted",
        arguments: [
            ("not found: /x?a=b&c=d", "not found: /x?a=b&c=d"), (#"say "a""#, #"say "a""#),
            ("a == b, -D A", "a == b, -D A"), ("use --limit-images=9", "use --limit-images=9"),
            ("x a.b-c_1=2", #""x a.b-c_1\x3d2""#),
            ("application=innocent", #""application\x3dinnocent""#), ("x generation=00 y", #""x generation\x3d00 y""#),
            ("x\tpid=1", #""x\tpid\x3d1""#), ("x\u{1b}pid=1", #""x\x1bpid\x3d1""#),
            ("x\u{a0}pid=1", "\"x\u{a0}pid\\x3d1\""),
            (#""a" k"#, #""\"a\" k""#),
        ]
    )
    func messages(message: String, written: String) {
        #expect(Self.line("\(message)", ["k": "1"]) == "error    \(written) k=1")
    }
}
