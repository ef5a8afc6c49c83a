package import RoostSystem

/// A file of environment variables, as python-dotenv and docker read it: lines `NAME=VALUE`.
///
/// `export` in front of a name, blank lines, and comments that begin with `#` are ignored. A value in single quotes is
/// literal but for `\'` and `\\`; one in double quotes has the escapes `\n`, `\r`, `\t`, `\"` and `\\`. Both may have
/// several lines. Without quotes, a `#` after white space begins a comment, and white space at both ends is removed.
/// `${NAME}` and `${NAME:-DEFAULT}` outside single quotes stand for the value of a variable that was set before, in the
/// file or in the environment. A name without `=` sets nothing.
package struct EnvironmentFile: Sendable {
    /// The variables that the environment does not have. The last of a name counts.
    package private(set) var added: [String: String] = [:]

    /// Maximum size of the file, and of all values together, in bytes: a value may repeat others.
    private static let largest = 1 << 20

    /// Reads a file of a trusted owner: its variables reach processes that run as the host's user (`LD_PRELOAD`). Throws
    /// `HostError` with file and line.
    package init(path: String, environment: [String: String], trust: FileTrust) throws {
        let text: String
        do throws(TrustedText.Fault) {
            text = try TrustedText.read(path, largest: Self.largest, trust: trust)
        } catch {
            throw HostError(code: .usage, message: error.message(named: "--env-file \(path)"))
        }
        try self.init(text: text, named: "--env-file \(path)", environment: environment)
    }

    /// Reads the text of a file. Throws `HostError`.
    init(text: String, named name: String, environment: [String: String]) throws {
        var reader = EnvironmentReader(text)
        var known = environment
        var size = 0
        do throws(EnvironmentFault) {
            while let (variable, pieces) = try reader.next() {
                let value = pieces.map { $0.text(known) }.joined()
                size += value.utf8.count
                guard size <= Self.largest else {
                    throw EnvironmentFault(
                        line: reader.line, message: "the values take more than \(Self.largest >> 20) MiB")
                }
                guard !value.utf8.contains(0) else {
                    throw EnvironmentFault(line: reader.line, message: "the value of '\(variable)' has a NUL byte")
                }
                // The environment wins, as it does for the process.
                guard environment[variable] == nil else { continue }
                known[variable] = value
                self.added[variable] = value
            }
        } catch { throw HostError(code: .usage, message: "\(name):\(error.line): \(error.message)") }
    }
}

private struct EnvironmentFault: Error {
    let line: Int
    let message: String
}

/// A part of a value.
private enum EnvironmentPiece {
    case literal(String)
    case variable(String, otherwise: String)

    func text(_ known: [String: String]) -> String {
        switch self {
        case .literal(let text): text
        case .variable(let name, let otherwise): known[name].flatMap { $0.isEmpty ? nil : $0 } ?? otherwise
        }
    }
}

/// Splits the text of an environment file.
private struct EnvironmentReader {
    private var rest: Substring
    private(set) var line = 1

    init(_ text: String) { self.rest = text.replacing("\r\n", with: "\n")[...] }

    /// Returns the next variable with its value; nil at the end.
    mutating func next() throws(EnvironmentFault) -> (name: String, value: [EnvironmentPiece])? {
        while true {
            self.skip { $0.isWhitespace }
            guard let first = self.rest.first else { return nil }
            if first == "#" {
                self.skip { $0 != "\n" }
                continue
            }
            var name = self.read { $0 != "=" && $0 != "\n" }
            let hasValue = self.rest.first == "="
            if name.hasPrefix("export "), hasValue { name.removeFirst(7) }
            name = String(name.trimmingBlanks)
            guard ApplicationEntry.isVariable(name) else {
                throw EnvironmentFault(
                    line: self.line, message: "'\(name)' is not the name of a variable; write NAME=VALUE")
            }
            // A name without `=` sets nothing.
            guard hasValue else { continue }
            self.rest.removeFirst()
            self.skip { $0 == " " || $0 == "\t" }
            return (name, try self.value())
        }
    }

    private mutating func value() throws(EnvironmentFault) -> [EnvironmentPiece] {
        switch self.rest.first {
        case "'": [.literal(try self.quoted("'", escapes: ["'": "'", "\\": "\\"]))]
        case "\"":
            try self.pieces(
                try self.quoted("\"", escapes: ["n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\"]))
        default: try self.pieces(self.unquoted())
        }
    }

    private mutating func unquoted() -> String {
        var text = self.read { $0 != "\n" }
        if text.hasPrefix("#") { return "" }
        for mark in [" #", "\t#"] {
            if let comment = text.firstRange(of: mark) { text = String(text[..<comment.lowerBound]) }
        }
        return String(text.trimmingBlanks)
    }

    private mutating func quoted(
        _ quote: Character, escapes: [Character: Character]
    ) throws(EnvironmentFault) -> String {
        let begin = self.line
        self.rest.removeFirst()
        var text = ""
        while let character = self.rest.popFirst() {
            if character == "\n" { self.line += 1 }
            if character == quote {
                let after = self.read { $0 != "\n" }.trimmingBlanks
                guard after.isEmpty || after.hasPrefix("#") else {
                    throw EnvironmentFault(line: self.line, message: "text after the closing quote: '\(after)'")
                }
                return text
            }
            guard character == "\\", let escaped = self.rest.popFirst() else {
                text.append(character)
                continue
            }
            if let meaning = escapes[escaped] { text.append(meaning) } else { text += "\\\(escaped)" }
        }
        throw EnvironmentFault(line: begin, message: "the quote \(quote) is not closed")
    }

    /// Splits a value at the variables that it refers to.
    private func pieces(_ text: String) throws(EnvironmentFault) -> [EnvironmentPiece] {
        var pieces: [EnvironmentPiece] = []
        var rest = text[...]
        while let begin = rest.firstRange(of: "${") {
            guard let end = rest[begin.upperBound...].firstIndex(of: "}") else {
                throw EnvironmentFault(line: self.line, message: "'${' without '}'")
            }
            pieces.append(.literal(String(rest[..<begin.lowerBound])))
            let inside = rest[begin.upperBound..<end]
            let split = inside.firstRange(of: ":-")
            pieces.append(
                .variable(
                    String(split.map { inside[..<$0.lowerBound] } ?? inside),
                    otherwise: split.map { String(inside[$0.upperBound...]) } ?? ""))
            rest = rest[rest.index(after: end)...]
        }
        return pieces + [.literal(String(rest))]
    }

    private mutating func skip(_ isSkipped: (Character) -> Bool) { _ = self.read(while: isSkipped) }

    private mutating func read(while isWanted: (Character) -> Bool) -> String {
        let text = self.rest.prefix(while: isWanted)
        self.line += text.count { $0 == "\n" }
        self.rest = self.rest[text.endIndex...]
        return String(text)
    }
}

extension StringProtocol {
    /// The text without white space at both ends.
    fileprivate var trimmingBlanks: SubSequence {
        let start = self.firstIndex { !$0.isWhitespace } ?? self.endIndex
        var end = self.endIndex
        while end > start, self[self.index(before: end)].isWhitespace { end = self.index(before: end) }
        return self[start..<end]
    }
}
