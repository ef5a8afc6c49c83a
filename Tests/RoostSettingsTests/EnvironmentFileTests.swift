import RoostSystem
import Testing

@testable import RoostSettings

/// Files of environment variables (`--env-file`).
@Suite("Environment files")
struct EnvironmentFileTests {
    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> [String: String] {
        try EnvironmentFile(text: text, named: "--env-file x", environment: environment).added
    }

    @Test(
        "lines of a file",
        arguments: [
            ("A=1", ["A": "1"]), ("export A=1\r\nB=2\r\n", ["A": "1", "B": "2"]),
            ("\n # comment\nA = b c # d\n", ["A": "b c"]),
            ("A=b#c", ["A": "b#c"]), ("A=#c", ["A": ""]), ("A=\nB", ["A": ""]), ("A=1\nA=2", ["A": "2"]),
            (#"A='b \' \\ \n ${B} # c' # d"#, ["A": #"b ' \ \n ${B} # c"#]),
            (#"A="b \" \\ \n\t\x # c" # d"#, ["A": "b \" \\ \n\t\\x # c"]), ("A='b\nc'\nB=1", ["A": "b\nc", "B": "1"]),
            ("URL=postgres://u:p=@h/d?x=y", ["URL": "postgres://u:p=@h/d?x=y"]),
            ("A=1\nB=${A}2${C:-3}${D}", ["A": "1", "B": "123"]), ("B=\"<${HOME}>\"", ["B": "</home>"]),
            ("HOME=/other\nB=${HOME}", ["B": "/home"]), ("É=1\nA=é", [:]),
        ])
    func lines(_ text: String, _ expected: [String: String]) throws {
        guard !text.hasPrefix("É") else {
            #expect(throws: HostError.self) { try self.read(text) }
            return
        }
        #expect(try self.read(text, ["HOME": "/home"]) == expected)
    }

    @Test(
        "a fault names file and line",
        arguments: [
            ("A=1\n1B=2", "2: '1B' is not the name of a variable; write NAME=VALUE"),
            ("A='b\n\n", "1: the quote ' is not closed"), ("\nA=\"b\" c", "2: text after the closing quote: 'c'"),
            ("A=${B", "1: '${' without '}'"), ("A=1\nB=a\0b", "2: the value of 'B' has a NUL byte"),
            (
                "A=1234567890123456\n" + (0..<20).map { _ in "A=${A}${A}" }.joined(separator: "\n"),
                "17: the values take more than 1 MiB"
            ),
        ])
    func faults(_ text: String, _ message: String) {
        #expect {
            try self.read(text)
        } throws: {
            "\($0)" == "--env-file x:\(message)"
        }
    }
}
