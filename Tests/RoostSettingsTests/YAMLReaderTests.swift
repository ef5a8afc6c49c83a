import Foundation
import TestSupport
import Testing

@testable import RoostSettings

/// Any text in a settings file is read, or refused with its line, in bounded time and memory.
@Suite("YAML reader")
struct YAMLReaderTests {
    private func read(_ text: String, _ change: (inout YAMLReader.Limits) -> Void = { _ in }) -> String {
        var limits = YAMLReader.Limits()
        change(&limits)
        do throws(YAMLFault) {
            return try YAMLReader.read(text, limits: limits).map(JSONText.of) ?? "nothing"
        } catch { return "\(error.line ?? 0): \(error.message)" }
    }

    /// A list of ten texts, then lists of ten aliases each, of the list before.
    private static let bomb: String = {
        var text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (name, before) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [\(Array(repeating: "*\(before)", count: 10).joined(separator: ","))]\n"
        }
        return text
    }()

    @Test("an alias counts as a copy: an alias bomb is refused at its line, as a value and as a key")
    func bombs() {
        #expect(self.read(Self.bomb).hasPrefix("5: more than 100000 keys and values, each alias counted as a copy"))
        #expect(self.read("a: &a [x, x]\n? *a\n: 1\n") == "2: found a list instead of a key")
        #expect(self.read("? [*a]\n: 1\n") == "1: found a list instead of a key")
        let merges = "a: &a {b: 1, c: 2}\nd: {<<: [*a, *a, *a]}\n"
        #expect(self.read(merges) { $0.nodes = 20 }.hasPrefix("2: more than 20 keys and values"))
        #expect(self.read(merges) { $0.nodes = 30 } == #"{"a":{"b":1,"c":2},"d":{"b":1,"c":2}}"#)
    }

    @Test("the text of an alias counts each time the alias is used")
    func bytes() {
        let text =
            "a: &a \(String(repeating: "x", count: 1000))\nb: [\(Array(repeating: "*a", count: 200).joined(separator: ","))]\n"
        #expect(self.read(text) { $0.bytes = 100_000 }.hasPrefix("2: more than 0 MiB of text"))
        #expect(self.read(text) { $0.bytes = 1 << 20 }.hasPrefix("{\"a\":\"xxx"))
    }

    @Test("depth is limited for brackets, blocks, JSON and aliases", arguments: [8 << 20, 512 << 10])
    func depth(stack: Int) {
        @Sendable func deep(_ count: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: count) + String(repeating: close, count: count)
        }
        #expect(self.read(deep(64, "[", "]")).hasPrefix("[[["))
        for text in [
            deep(65, "[", "]"), deep(100_000, "[", "]"), deep(100_000, "{a: ", "}"), deep(100_000, #"{"a":"#, "}"),
            deep(100_000, "- ", ""),
        ] {
            // libyaml reads ahead within a line, and has its own limit.
            let reported = self.onSmallStack(stack) { self.read(text) }
            #expect(reported.contains(" nested lists and maps; flatten them"), "\(reported)")
        }
        #expect(self.onSmallStack(stack) { self.read(deep(100_000, "? ", "")) } == "1: found a map instead of a key")
        var chain = "a0: &a0 [x]\n"
        for number in 1...70 { chain += "a\(number): &a\(number) [*a\(number - 1)]\n" }
        #expect(self.read(chain).hasPrefix("64: more than 64 nested lists and maps"))
    }

    private func onSmallStack(_ size: Int, _ body: @escaping @Sendable () -> String) -> String {
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var reported = ""
        let thread = Thread {
            reported = body()
            done.signal()
        }
        thread.stackSize = size
        thread.start()
        done.wait()
        return reported
    }

    @Test("the number of directives is limited, since libyaml compares them with each other")
    func directives() {
        #expect(self.read("%YAML 1.2\n%TAG !e! tag:example.org,2000:\n---\na: 1\n") == #"{"a":1}"#)
        let many = (0..<300_000).map { "%TAG !a\($0)! x\n" }.joined()
        #expect(self.read(many + "---\na: 1\n").hasPrefix("17: more than 16 directives"))
        #expect(self.read("a: 1\n...\n" + many).hasPrefix("19: more than 16 directives"))
    }

    @Test(
        "a duplicate key is reported at its second occurrence, with the line of the first",
        arguments: [
            ("a: 1\nb: 2\n\na: 3\n", "4: duplicate key 'a' (the first is in line 1); remove one of them"),
            ("b:\n  a: 1\n  \"a\": 3\n", "3: duplicate key 'a' (the first is in line 2); remove one of them"),
            ("{1: a,\n '1': b}", "2: duplicate key '1' (the first is in line 1); remove one of them"),
            ("a: &a {}\nb:\n  <<: *a\n  <<: *a\n", "4: duplicate key '<<'; remove one of them"),
        ])
    func duplicates(text: String, reported: String) { #expect(self.read(text) == reported) }

    @Test(
        "merge keys are applied: own keys win, then the earlier map",
        arguments: [
            ("b: &b {c: red}\ns: {<<: *b, size: 2}", #"{"b":{"c":"red"},"s":{"size":2,"c":"red"}}"#),
            ("b: &b {c: red}\ns: {c: blue, <<: *b}", #"{"b":{"c":"red"},"s":{"c":"blue"}}"#),
            ("s: {<<: [{a: 1}, {a: 2, b: 3}]}", #"{"s":{"a":1,"b":3}}"#),
            ("s: {<<: {<<: {a: 1}, b: 2}}", #"{"s":{"b":2,"a":1}}"#),
            ("s: {\"<<\": {a: 1}}", #"{"s":{"<<":{"a":1}}}"#),
            ("s:\n  <<: 1\n", "2: the merge key '<<' must have a map, or a list of maps, as its value"),
            ("s:\n  <<: [{}, 1]\n", "2: the merge key '<<' must have a map, or a list of maps, as its value"),
        ])
    func merges(text: String, reported: String) { #expect(self.read(text) == reported) }

    @Test(
        "an unsupported construct is refused with its line, and without its value, which may be a secret",
        arguments: [
            (
                "a: 1\nb: !env [HOME]\n",
                "2: the tag is not supported; remove it (a value that starts with ! must be quoted)"
            ),
            (
                "a: !!timestamp 2026-01-01",
                "1: the tag !!timestamp is not supported; remove it (a value that starts with ! must be quoted)"
            ),
            (
                "a: !!binary aGk=",
                "1: the tag !!binary is not supported; remove it (a value that starts with ! must be quoted)"
            ),
            (
                "a: !!set {b, c}",
                "1: the tag !!set is not supported; remove it (a value that starts with ! must be quoted)"
            ),
            ("a: !!int geheim", "1: the value is not of the type !!int"),
            (
                "a: *geheim",
                "1: the alias refers to no anchor before it; write the value out (a value that starts with * must be quoted)"
            ),
            (
                "a: &a [*a]",
                "1: the alias refers to no anchor before it; write the value out (a value that starts with * must be quoted)"
            ),
            ("a: 0x1ffffffffffffffff", "1: the number has more than 64 bits; quote it, or write it in decimal"),
            ("a: 1\n---\nb: 2\n", "2: found a second document; a settings file has one"),
            ("a: 1\nb: \u{1}\n", "2: control characters are not allowed"),
        ])
    func unsupported(text: String, reported: String) { #expect(self.read(text) == reported) }

    @Test("fifty thousand random texts are read within the limits, or refused")
    func hostile() {
        var numbers = SeededNumbers(state: 20)
        let pieces = [
            "a", "b: ", "- ", "? ", ": ", "[", "]", "{", "}", ",", "\n", "  ", "    ", "&a ", "*a", "&b ", "*b", "<<: ",
            "!!str ",
            "!!int ", "!x ", "\"", "'", "|\n", ">\n", "# c\n", "---\n", "...\n", "%TAG !a! b\n", "0x1", "1.5", "~",
            "\t", "\r", "\u{feff}",
            "\u{2028}", "é", "\u{0}", "<<", "{<<: *a}", "[*a,*a,*a,*a]", "{a: *b, b: *a}",
        ]
        var accepted = 0
        for _ in 0..<50_000 {
            let count = Int.random(in: 1...40, using: &numbers)
            let text = (0..<count).map { _ in pieces.randomElement(using: &numbers)! }.joined()
            var limits = YAMLReader.Limits()
            (limits.nodes, limits.depth, limits.bytes) = (200, 8, 1000)
            guard let node = try? YAMLReader.read(text, limits: limits) else { continue }
            accepted += 1
            let measure = Self.measure(node)
            #expect(measure.nodes <= 200 && measure.depth <= 8, "\(text)")
            // The result is JSON, and therefore YAML, of the same values.
            let json = JSONText.of(node)
            #expect((try? YAMLReader.read(json)).map(JSONText.of) == json, "\(text)")
        }
        #expect(accepted > 1000)
    }

    private static func measure(_ node: SettingsNode) -> (nodes: Int, depth: Int) {
        let inner: [SettingsNode] = node.list ?? node.map?.map(\.value) ?? []
        let measures = inner.map(Self.measure)
        let isOpen = node.text == nil
        return (1 + measures.map(\.nodes).reduce(0, +), (measures.map(\.depth).max() ?? 0) + (isOpen ? 1 : 0))
    }
}
