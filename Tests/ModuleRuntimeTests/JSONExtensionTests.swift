import CASGI
import CJSON
import HTTPServer
import TestSupport
import Testing

@testable import ModuleRuntime

/// `asgi.json/1`: the rules of RFC 8259, and those that `asgi_json.h` adds.
@Suite("JSON extension")
struct JSONExtensionTests {
    private static func read(_ text: String) -> Result<JSONTree, JSONTree.Fault> { JSONTree.read(Array(text.utf8)) }

    private static func written(_ tree: JSONTree) throws -> String {
        String(decoding: try tree.written().get(), as: UTF8.self)
    }

    private static func isRefused(_ text: [UInt8]) -> Bool { (try? JSONTree.read(text).get()) == nil }

    @Test(
        "every type is read",
        arguments: [
            ("null", .null), (" true\r\n", .boolean(true)), ("\tfalse ", .boolean(false)), ("0", .integer(0)),
            ("-0", .integer(0)), ("-12", .integer(-12)), ("0.1", .number(0.1)), ("1.0", .number(1)),
            ("1e2", .number(100)), ("-1.5E-3", .number(-0.0015)), (#""""#, .text("")), (#""ä€😀""#, .text("ä€😀")),
            (#""\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00\u0000""#, .text("\"\\/\u{8}\u{c}\n\r\tä😀\0")),
            ("\"\u{7f}\"", .text("\u{7f}")), ("[]", .array([])), ("{}", .object([])),
            ("[1,[2.5],{}]", .array([.integer(1), .array([.number(2.5)]), .object([])])),
            (
                #"{"b":1,"a":{"b":null},"":[]}"#,
                .object([.init("b", .integer(1)), .init("a", .object([.init("b", .null)])), .init("", .array([]))])
            ),
        ] as [(String, JSONTree)]
    )
    func types(text: String, tree: JSONTree) {
        #expect(Self.read(text) == .success(tree))
    }

    @Test("values have the documented keys, counts and numbers")
    func details() throws {
        let functions = roost_json_functions()!
        #expect(functions.pointee.depth == 128)
        #expect(Int(functions.pointee.size) == MemoryLayout<asgi_json_functions>.size)
        var text = asgi_string(Octets(#"{"a":[9007199254740993]}"#))
        let parsed = functions.pointee.parse(&text, nil)
        let object = try #require(parsed).pointee
        defer { functions.pointee.release(parsed) }
        #expect(object.reserved == 0 && object.key.size == 0 && object.count == 1)
        let list = object.items[0]
        #expect(Octets(list.key).text == "a" && list.count == 1)
        // An element has no key. An integer also has the nearest floating-point number.
        let element = list.items[0]
        #expect(element.key.size == 0 && element.integer == 9_007_199_254_740_993)
        #expect(element.number == 9_007_199_254_740_992)
        // Releasing nil does nothing. Empty text is not JSON, and the caller need not ask for the reason.
        functions.pointee.release(nil)
        functions.pointee.release_text(nil)
        var none = asgi_string()
        let nothing = functions.pointee.parse(&none, nil)
        #expect(nothing == nil)
    }

    @Test(
        "numbers at their limits are read, or refused if they do not fit",
        arguments: [
            ("9223372036854775807", .success(.integer(.max))), ("-9223372036854775808", .success(.integer(.min))),
            ("9223372036854775808", .failure("an integer exceeds 64 bits")),
            ("-9223372036854775809", .failure("an integer exceeds 64 bits")),
            ("18446744073709551616", .failure("an integer exceeds 64 bits")),
            ("9223372036854775808.0", .success(.number(9_223_372_036_854_775_808))),
            ("1e308", .success(.number(1e308))),
            ("-1.7976931348623157e308", .success(.number(-.greatestFiniteMagnitude))),
            ("5e-324", .success(.number(.leastNonzeroMagnitude))), ("1e-400", .success(.number(0))),
            ("1e309", .failure("number overflow parsing '1e309'")),
            ("[-1e309]", .failure("number overflow parsing '-1e309'")),
        ] as [(String, Outcome)]
    )
    func numbers(text: String, outcome: Outcome) {
        switch outcome {
        case .success(let tree): #expect(Self.read(text) == .success(tree))
        case .failure(let reason): #expect(Self.read(text) == .failure(.init(text: reason)))
        }
    }

    enum Outcome: Sendable {
        case success(JSONTree)
        case failure(String)
    }

    @Test(
        "malformed JSON is refused with line and column",
        arguments: [
            ("", 1), (" ", 2), ("nul", 4), ("True", 1), ("NaN", 1), ("Infinity", 1), ("'a'", 1), ("01", 2), ("1.", 3),
            (".5", 1), ("+1", 1), ("-", 2), ("1e", 3), ("[1,]", 4), ("[1 2]", 4), (#"{"a":1,}"#, 8), ("{a:1}", 2),
            (#"{"a" 1}"#, 6), ("/**/1", 1), ("1 2", 3), ("1 x", 3), ("{}}", 3), ("1//x", 2), ("1\u{a0}", 2),
            (#""a"#, 3), (#""\x""#, 3), ("\"\u{1}\"", 2), ("\"a\nb\"", 3), ("\u{b}1", 1),
            // One half of a surrogate pair is not a character (RFC 8259 §8.2).
            (#""\ud800""#, 8), (#""\udc00""#, 7), (#""\ud800\u0041""#, 13),
        ] as [(String, Int)]
    )
    func malformed(text: String, column: Int) {
        guard case .failure(let fault) = Self.read(text) else {
            Issue.record("\(text) was read")
            return
        }
        // A line break in the text starts another line.
        #expect(text.contains("\n") || fault.text.hasPrefix("line 1, column \(column): "), "\(fault.text)")
    }

    @Test(
        "bytes that are not UTF-8 are refused (RFC 8259 §8.1)",
        arguments: [
            [0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xe2, 0x82], [0],
        ] as [[UInt8]]
    )
    func bytes(text: [UInt8]) throws {
        #expect(Self.isRefused([0x22] + text + [0x22]))
        #expect(Self.isRefused(Array(#"{""#.utf8) + text + Array(#"":1}"#.utf8)))
        guard text != [0] else { return }
        let message = "invalid UTF-8 byte"
        var member = JSONTree.Member("a", .null)
        member.key = text
        for tree in [JSONTree.string(text), .object([member])] {
            guard case .failure(let fault) = tree.written() else {
                Issue.record("\(text) was written")
                continue
            }
            #expect(fault.text.contains(message) || fault.text.contains("incomplete UTF-8 string"), "\(fault.text)")
        }
    }

    @Test("a byte order mark is ignored (RFC 8259 §8.1)")
    func mark() {
        #expect(JSONTree.read([0xef, 0xbb, 0xbf, 0x31]) == .success(.integer(1)))
        #expect(Self.isRefused([0xef, 0xbb, 0x31]))
    }

    @Test("text after a value is refused, also a NUL (RFC 8259 §2)")
    func trailing() {
        // The lexer of nlohmann-json treats a NUL as the end of its input.
        #expect(Self.isRefused(Array("1\0".utf8)))
        #expect(Self.isRefused(Array("{\"a\":1}\0{".utf8)))
        #expect(Self.isRefused([0]))
        #expect(Self.isRefused(Array("[1,\0".utf8)))
    }

    @Test("duplicate keys in one object are refused, also with escapes; different objects may have the same key")
    func duplicates() throws {
        let fault = JSONTree.Fault(text: "duplicate key 'a'")
        #expect(Self.read(#"{"a":1,"b":2,"a":3}"#) == .failure(fault))
        #expect(Self.read(#"[{"a":1,"\u0061":2}]"#) == .failure(fault))
        let members = [JSONTree.Member("a", .integer(1)), .init("b", .integer(2)), .init("a", .integer(3))]
        #expect(JSONTree.object(members).written() == .failure(fault))
        let apart = #"{"a":{"a":1},"b":[{"a":2},{"a":3}]}"#
        #expect(try Self.written(try Self.read(apart).get()) == apart)
        // In an object that was built with duplicate keys the last value counts, as in Python and JavaScript.
        var arena = Arena()
        let object = JSONTree.object(members).made(key: [], in: &arena)
        let list = JSONTree.array([]).made(key: [], in: &arena)
        #expect(Self.find(object, "a") == 3)
        #expect(Self.find(object, "b") == 2)
        #expect(Self.find(object, "c") == nil)
        #expect(Self.find(list, "a") == nil)
        extendLifetime(arena)
    }

    private static func find(_ object: asgi_json, _ key: String) -> Int64? {
        withUnsafePointer(to: object) { asgi_json_find($0, key)?.pointee.integer }
    }

    @Test("128 levels are accepted, 129 are refused")
    func depth() throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            func text(_ levels: Int) -> String {
                String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
            }
            #expect(try Self.written(try Self.read(text(128)).get()) == text(128))
            #expect(Self.read(text(129)) == .failure(.init(text: "nested deeper than 128")))
        }
        // Deep nesting that is never closed does not overflow the stack.
        #expect(
            Self.read(String(repeating: "[", count: 1_000_000))
                == .failure(.init(text: "nested deeper than 128")))
        var tree = JSONTree.integer(1)
        for _ in 0..<128 { tree = .array([tree]) }
        #expect(try Self.written(tree) == String(repeating: "[", count: 128) + "1" + String(repeating: "]", count: 128))
        #expect(JSONTree.array([tree]).written() == .failure(.init(text: "nested deeper than 128")))
        #expect(JSONTree.object([.init("a", tree)]).written() == .failure(.init(text: "nested deeper than 128")))
    }

    @Test("a document that is cut anywhere is refused")
    func truncated() {
        let text = Array(#"{"a":[1,-2.5e3,true,null,"ä\n\ud83d\ude00"],"b":{"c":[]}}"#.utf8)
        #expect(!Self.isRefused(text))
        for count in 0..<text.count { #expect(Self.isRefused(Array(text[..<count])), "\(count) bytes") }
    }

    @Test("values are written without spaces, with the fewest escapes and digits")
    func writing() throws {
        #expect(
            try Self.written(
                .object([
                    .init("a", .array([.null, .boolean(true), .boolean(false), .integer(.min)])),
                    .init("\"", .text("ä\"\\/\u{1}\n\u{7f}")), .init("", .object([])),
                ]))
                == "{\"a\":[null,true,false,-9223372036854775808],\"\\\"\":\"ä\\\"\\\\/\\u0001\\n\u{7f}\",\"\":{}}")
        for (number, text) in [
            (0.1, "0.1"), (1, "1.0"), (-0.0, "-0.0"), (1e308, "1e+308"), (5e-324, "5e-324"), (100_000, "100000.0"),
        ] as [(Double, String)] {
            #expect(try Self.written(.number(number)) == text)
        }
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(
                JSONTree.array([.number(number)]).written()
                    == .failure(.init(text: "a number is infinite or not a number")))
        }
        var unknown = asgi_json()
        unknown.type = 7
        var fault = asgi_string()
        let written = roost_json_functions()!.pointee.write(&unknown, &fault)
        #expect(written == nil)
        #expect(Octets(fault).text == "unknown type 7")
    }

    @Test("random values are read back as they were written")
    func property() throws {
        var random = SeededNumbers(state: 11)
        for _ in 0..<1000 {
            let tree = Self.tree(5, &random)
            let text = try tree.written().get()
            #expect(JSONTree.read(text) == .success(tree), "\(String(decoding: text, as: UTF8.self))")
        }
    }

    private static func tree(_ depth: Int, _ random: inout SeededNumbers) -> JSONTree {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &random) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &random))
        case 2:
            return .integer(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random))
        case 3:
            let number = Double(bitPattern: random.next())
            return .number(number.isFinite ? number : 0.5)
        case 4: return .text(Self.text(&random))
        case 5, 6:
            var items: [JSONTree] = []
            for _ in 0..<Int.random(in: 0..<5, using: &random) { items.append(Self.tree(depth - 1, &random)) }
            return .array(items)
        default:
            var members: [JSONTree.Member] = []
            for at in 0..<Int.random(in: 0..<5, using: &random) {
                members.append(.init("\(Self.text(&random))\(at)", Self.tree(depth - 1, &random)))
            }
            return .object(members)
        }
    }

    private static func text(_ random: inout SeededNumbers) -> String {
        let pieces = [
            "a", "\"", "\\", "/", "\n", "\r", "\0", "\u{1f}", "\u{7f}", "ä", "€", "😀", "\u{fffd}", "\u{10ffff}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<6, using: &random) { text += pieces.randomElement(using: &random)! }
        return text
    }
}
