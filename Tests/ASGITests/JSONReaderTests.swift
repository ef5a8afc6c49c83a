import TestSupport
import Testing

@testable import ASGI

/// Tests of the JSON reader, in the order of RFC 8259.
@Suite("JSON reader")
struct JSONReaderTests {
    /// Writes a value without white space, for comparison.
    private static func written(_ value: JSONValue) -> String {
        switch value {
        case .null: return "null"
        case .bool(let bool): return "\(bool)"
        case .number(let text): return text
        case .string(let text): return Self.quoted(text)
        case .array(let elements): return "[\(elements.map(Self.written).joined(separator: ","))]"
        case .object(let members):
            return "{\(members.map { "\(Self.quoted($0.key)):\(Self.written($0.value))" }.joined(separator: ","))}"
        }
    }

    /// Writes a text in quotes, with everything but printable ASCII as escapes.
    private static func quoted(_ text: String) -> String {
        "'\(text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined())'"
    }

    /// Returns the value as written by `written`, or the reason for a refusal: "reason @offset".
    private func read(_ bytes: some Collection<UInt8>) -> String {
        do throws(JSONReader.Failure) { return Self.written(try JSONReader.read(bytes)) } catch {
            return "\(error.reason) @\(error.offset)"
        }
    }

    private func read(_ text: String) -> String { self.read(text.utf8) }

    @Test("white space may surround every token, and consists of four characters (§2)")
    func space() {
        #expect(self.read(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } , \"c\" : [ ] } \n") == "{'a':[1,2],'b':{},'c':[]}")
        #expect(self.read("\u{B}1") == "expected a value @0")
        #expect(self.read("[1\u{C}]") == "expected a comma or the end of the list @2")
        #expect(self.read("\u{FEFF}1") == "expected a value @0")
        #expect(self.read("1\u{A0}") == "unexpected text after the value @1")
    }

    @Test("a document has exactly one value (§2)")
    func one() {
        #expect(self.read("") == "unexpected end @0")
        #expect(self.read("  ") == "unexpected end @2")
        #expect(self.read("1 2") == "unexpected text after the value @2")
        #expect(self.read("{}}") == "unexpected text after the value @2")
        #expect(self.read("nullx") == "unexpected text after the value @4")
        #expect(self.read("1\0") == "unexpected text after the value @1")
        #expect(self.read("1 // one") == "unexpected text after the value @2")
    }

    @Test("true, false and null are the only names, in lower case (§3)")
    func names() {
        #expect(self.read("[true,false,null]") == "[true,false,null]")
        for text in ["True", "NULL", "NaN", "Infinity", "undefined", "'a'", "/**/1"] {
            #expect(self.read(text).contains("expected a value @0"), "\(text)")
        }
        #expect(self.read("tru") == "expected true, false or null @0")
        #expect(self.read("[nul]") == "expected true, false or null @1")
    }

    @Test("objects keep their order; keys are strings without duplicates (§4)")
    func objects() {
        #expect(self.read("{}") == "{}")
        #expect(self.read(#"{"b":1,"a":{"b":2},"":3}"#) == "{'b':1,'a':{'b':2},'':3}")
        #expect(self.read(#"{"a":1,"a":2}"#) == "duplicate key 'a' @7")
        #expect(self.read(#"{"a":1,"\u0061":2}"#) == "duplicate key 'a' @7")
        #expect(self.read(#"{"é":1,"e\u0301":2}"#).hasPrefix("duplicate key"))
        #expect(self.read("{a:1}") == "expected a quoted key @1")
        #expect(self.read("{1:1}") == "expected a quoted key @1")
        #expect(self.read(#"{"a" 1}"#) == "expected a colon @5")
        #expect(self.read(#"{"a":}"#) == "expected a value @5")
        #expect(self.read(#"{"a":1,}"#) == "expected a quoted key @7")
        #expect(self.read(#"{,"a":1}"#) == "expected a quoted key @1")
        #expect(self.read(#"{"a":1 "b":2}"#) == "expected a comma or the end of the object @7")
        #expect(self.read(#"{"a":1]"#) == "expected a comma or the end of the object @6")
        #expect(self.read(#"{"a":1"#) == "unexpected end @6")
    }

    @Test("a list has elements separated by commas (§5)")
    func lists() {
        #expect(self.read("[]") == "[]")
        #expect(self.read(#"[1,"a",[],{},null]"#) == "[1,'a',[],{},null]")
        #expect(self.read("[1,]") == "expected a value @3")
        #expect(self.read("[,1]") == "expected a value @1")
        #expect(self.read("[1 2]") == "expected a comma or the end of the list @3")
        #expect(self.read("[1}") == "expected a comma or the end of the list @2")
        #expect(self.read("[") == "unexpected end @1")
        #expect(self.read("]") == "expected a value @0")
    }

    @Test(
        "numbers are kept as written (§6)",
        arguments: [
            "0", "-0", "1", "-1", "10", "0.0", "-0.50", "1e5", "1E+05", "1.5e-300", "1e400", "0e0", "3.0",
            "123456789012345678901234567890",
        ])
    func numbers(text: String) {
        #expect(self.read(text) == text)
        #expect(self.read("[\(text)]") == "[\(text)]")
    }

    @Test(
        "a number that violates the grammar is refused (§6)",
        arguments: [
            "-", "+1", "01", "-01", "00", ".5", "1.", "1.e5", "1e", "1e+", "1e+-1", "1.5.5", "0x10", "1_000", "--1",
            "1,5", "-a", "1e5.5", "-Infinity", "٣",
        ])
    func noNumbers(text: String) { #expect(self.read(text).contains(" @"), "\(self.read(text))") }

    @Test("strings decode their escapes, and refuse invalid ones (§7)")
    func strings() {
        #expect(self.read(#""""#) == "''")
        #expect(self.read(#""\"\\\/\b\f\n\r\t""#) == #"'\"\\/\u{08}\u{0C}\n\r\t'"#)
        #expect(self.read(#""a\u0041\u00e9\u00E9\u0000""#) == #"'aA\u{00E9}\u{00E9}\0'"#)
        #expect(self.read("\"\u{7F}é𝄞/\"") == #"'\u{7F}\u{00E9}\u{0001D11E}/'"#)
        #expect(self.read(#""\uD834\uDD1E \uDBFF\uDFFF""#) == #"'\u{0001D11E} \u{0010FFFF}'"#)
        #expect(self.read(#""a\x""#) == "unknown escape sequence @2")
        #expect(self.read(#""\U0041""#) == "unknown escape sequence @1")
        for text in [#""\u""#, #""\u12""#, #""\u12G4""#, #""\u+123""#, #""\u １２３""#] {
            #expect(self.read(text).hasPrefix("expected four hexadecimal digits after"), "\(text)")
        }
        #expect(self.read(#""a"#) == "unexpected end @2")
        #expect(self.read(#""a\"#) == "unexpected end @3")
        #expect(self.read(#""a\""#) == "unexpected end @4")
        #expect(self.read(#""\u00"#) == "unexpected end @5")
    }

    @Test("an unescaped control character is refused (§7)", arguments: UInt8(0)..<0x20)
    func controls(byte: UInt8) {
        let quote = UInt8(ascii: "\"")
        #expect(self.read([quote, byte, quote]) == "control characters must be escaped @1")
    }

    @Test("half of a surrogate pair is refused (§8.2)")
    func surrogates() {
        for text in [
            #""\uD834""#, #""\uDD1E""#, #""\uD834a""#, #""\uD834\n""#, #""\uD834\u0041""#, #""\uD834\uD834""#,
            #""\uDD1E\uD834""#,
        ] { #expect(self.read(text) == "unpaired surrogate @1", "\(text)") }
    }

    @Test(
        "bytes that are not UTF-8 are refused (§8.1)",
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        ] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(self.read([quote] + bytes + [quote]) == "invalid UTF-8 @1")
        #expect(self.read(bytes) == "expected a value @0")
    }

    @Test("the depth of nesting is limited (§9)")
    func depth() {
        let deepest = JSONReader.deepest
        #expect(deepest == 64)
        func nested(_ open: String, _ close: String, _ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(self.read(nested("[", "]", deepest)) == nested("[", "]", deepest))
        #expect(self.read(nested("[", "]", deepest + 1)) == "nested deeper than 64 levels @64")
        #expect(self.read(nested(#"{"a":"#, "}", deepest)).hasPrefix("{'a':{"))
        #expect(self.read(nested(#"{"a":"#, "}", deepest + 1)) == "nested deeper than 64 levels @320")
        #expect(self.read(String(repeating: "[", count: 1_000_000)) == "nested deeper than 64 levels @64")
        // Elements side by side do not add depth.
        let beside = "[" + Array(repeating: "[[1]]", count: 200).joined(separator: ",") + "]"
        #expect(self.read(beside) == beside)
    }

    private static let sample =
        #"{"title":"A \u00e9\uD834\uDD1E\n","pages":{"size":20,"ratio":-1.5e-3},"hosts":["a","b",[],{}],"#
        + #""on":true,"off":false,"none":null}"#

    @Test("a truncated document is refused, wherever it ends")
    func cutOff() {
        let bytes = Array(Self.sample.utf8)
        #expect(!self.read(bytes).contains("@"))
        for count in bytes.indices { #expect(self.read(bytes[..<count]).contains("@"), "\(count) bytes") }
    }

    @Test("random and mutated bytes are read, or refused with an offset", arguments: [1, 2, 3, 4] as [UInt64])
    func hostile(seed: UInt64) {
        var numbers = SeededNumbers(state: seed)
        let tokens = Array(#"{}[]",:\u0D8truefalsn-+.eE19 "#.utf8) + [0, 0x0A, 0x7F, 0xC3, 0xA9, 0xED, 0xFF]
        let sample = Array(Self.sample.utf8)
        for round in 0..<6000 {
            var bytes: [UInt8]
            switch round % 3 {
            case 0:
                bytes = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in
                    UInt8.random(in: 0...255, using: &numbers)
                }
            case 1:
                bytes = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in tokens.randomElement(using: &numbers)!
                }
            default:
                bytes = sample
                for _ in 0..<Int.random(in: 1...4, using: &numbers) { Self.mutate(&bytes, tokens, &numbers) }
            }
            do throws(JSONReader.Failure) {
                // Reading the bytes again gives the same value.
                let value = try JSONReader.read(bytes)
                #expect(self.read(String(decoding: bytes, as: UTF8.self)) == Self.written(value))
            } catch {
                #expect((0...bytes.count).contains(error.offset) && !error.reason.isEmpty, "\(bytes)")
            }
            // The decoder does not crash on them either.
            do throws(SettingsError) {
                _ = try SettingsDecoder.decode(Sample.self, json: String(decoding: bytes, as: UTF8.self))
            } catch { #expect(!error.message.isEmpty, "\(bytes)") }
        }
    }

    private struct Sample: Decodable {
        struct Pages: Decodable {
            let size: UInt8
            let ratio: Double?
        }
        let title: String
        let pages: Pages
        let on: Bool?
        let none: [String: Int]?
    }

    private static func mutate(_ bytes: inout [UInt8], _ tokens: [UInt8], _ numbers: inout SeededNumbers) {
        let index = Int.random(in: 0...bytes.count, using: &numbers)
        let end = Int.random(in: index...min(index + 8, bytes.count), using: &numbers)
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0: bytes.insert(tokens.randomElement(using: &numbers)!, at: index)
        case 1: bytes.removeSubrange(index..<end)
        case 2:
            bytes.insert(contentsOf: Array(bytes[index..<end]), at: Int.random(in: 0...bytes.count, using: &numbers))
        default:
            guard index < bytes.count else { return }
            bytes[index] = UInt8.random(in: 0...255, using: &numbers)
        }
    }
}
