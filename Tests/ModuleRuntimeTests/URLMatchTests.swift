import CASGI
import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import ModuleRuntime

/// The row that a path matches, and the values of its arguments.
@Suite("URL matching")
struct URLMatchTests {
    /// The result of a match.
    struct Found: Equatable {
        var row: Int?
        var values: [String] = []
    }

    /// Matches a path. `values` of the result: the arguments as text.
    static func match(
        _ tree: URLTree, _ patterns: [URLPattern], _ path: String, _ method: StaticString = "GET"
    ) -> Found {
        withUnsafeTemporaryAllocation(of: asgi_argument.self, capacity: 16) { room in
            Array(path.utf8).withUnsafeBufferPointer { bytes in
                let nowhere: [UInt8] = [0]
                return nowhere.withUnsafeBufferPointer { nowhere in
                    var match = URLMatch(
                        bytes.baseAddress ?? nowhere.baseAddress!, bytes.count,
                        method: RequestMethods(of: Octets(method)),
                        tried: room.baseAddress!, found: room.baseAddress! + 8)
                    match.visit(tree.root, 0, filled: 0)
                    guard match.row != .max else { return Found() }
                    let count = patterns[match.row].pathKinds.count
                    return Found(row: match.row, values: (0..<count).map { Self.text(room[8 + $0]) })
                }
            }
        }
    }

    static func text(_ argument: asgi_argument) -> String {
        switch ArgumentKind(rawValue: UInt8(argument.kind)) {
        case .int: "\(argument.value.integer)"
        case .double: "\(argument.value.number)"
        case .uuid: withUnsafeBytes(of: argument.value.uuid) { $0.map { String(format: "%02x", $0) }.joined() }
        case .string, .path: Octets(argument.value.string).text
        case nil: "?"
        }
    }

    private func match(_ texts: [String], _ path: String, _ method: StaticString = "GET") throws -> Found {
        let patterns = try texts.map { try URLPattern($0) }
        return Self.match(try URLTree(Array(zip(texts, patterns))), patterns, path, method)
    }

    @Test(
        "every converter accepts and rejects values at its limits",
        arguments: [
            ("<int:x>", "0", "0"), ("<int:x>", "007", "7"),
            ("<int:x>", "9223372036854775807", "9223372036854775807"),
            ("<int:x>", "9223372036854775808", nil), ("<int:x>", "99999999999999999999999999", nil),
            ("<int:x>", "000000000000000000000000000000001", "1"),
            ("<int:x>", "-1", nil), ("<int:x>", "+1", nil), ("<int:x>", "", nil), ("<int:x>", "1a", nil),
            ("<int:x>", "\u{661}", nil), ("<int:x>", " 1", nil), ("<int:x>", "1e3", nil), ("<int:x>", "0x1", nil),
            ("<float:x>", "0", "0.0"), ("<float:x>", "1.5", "1.5"), ("<float:x>", "1.", nil), ("<float:x>", ".5", nil),
            ("<float:x>", "1.5.1", nil), ("<float:x>", "1e3", nil), ("<float:x>", "inf", nil),
            ("<float:x>", "nan", nil),
            ("<float:x>", "-1", nil), ("<float:x>", String(repeating: "9", count: 400), nil),
            ("<float:x>", "1" + String(repeating: "0", count: 308), "1e+308"),
            ("<float:x>", "0." + String(repeating: "0", count: 400) + "1", "0.0"),
            ("<str:x>", "a", "a"), ("<str:x>", "ä €", "ä €"), ("<str:x>", "", nil), ("<str:x>", "a/b", nil),
            ("<str:x>", ".", "."),
            ("<slug:x>", "a-B_9", "a-B_9"), ("<slug:x>", "a.b", nil), ("<slug:x>", "ä", nil), ("<slug:x>", "", nil),
            ("<slug:x>", "a b", nil), ("<slug:x>", "@", nil), ("<slug:x>", "[", nil), ("<slug:x>", "`", nil),
            ("<slug:x>", "{", nil),
            ("<slug:x>", "/", nil), ("<slug:x>", ":", nil),
            ("<uuid:x>", "01234567-89ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef"),
            ("<uuid:x>", "01234567-89AB-cdef-0123-456789abcdef", nil),
            ("<uuid:x>", "0123456789abcdef0123456789abcdef", nil),
            ("<uuid:x>", "01234567-89ab-cdef-0123-456789abcdeg", nil),
            ("<uuid:x>", "01234567-89ab-cdef-0123-456789abcde", nil),
            ("<uuid:x>", "01234567-89ab-cdef-0123-456789abcdef0", nil),
            ("<path:x>", "a", "a"), ("<path:x>", "a/b//c/", "a/b//c/"), ("<path:x>", "/", "/"), ("<path:x>", "", nil),
        ] as [(String, String, String?)]
    )
    func limits(pattern: String, path: String, value: String?) throws {
        let found = try self.match([pattern], path)
        #expect(found == Found(row: value == nil ? nil : 0, values: value.map { [$0] } ?? []))
    }

    @Test("the first row that matches is chosen, in the order of declaration")
    func order() throws {
        let texts = ["<str:x>/", "new/", "<int:x>/<str:y>", "1/2", "<path:p>"]
        #expect(try self.match(texts, "new/") == Found(row: 0, values: ["new"]))
        #expect(try self.match(["new/", "<str:x>/"], "new/") == Found(row: 0))
        #expect(try self.match(["new/", "<str:x>/"], "news/") == Found(row: 1, values: ["news"]))
        #expect(try self.match(texts, "1/2") == Found(row: 2, values: ["1", "2"]))
        #expect(try self.match(texts, "1/2/3") == Found(row: 4, values: ["1/2/3"]))
        // A value that is out of range does not match, so the next row is tried.
        #expect(
            try self.match(["<int:x>", "<str:x>"], "9223372036854775808")
                == Found(row: 1, values: ["9223372036854775808"]))
        // The search goes back from a branch without a match.
        #expect(try self.match(["a/<int:x>/b", "a/<str:x>/c", "<str:y>/1/d"], "a/1/c") == Found(row: 1, values: ["1"]))
        #expect(try self.match(["a/<int:x>/b", "a/<str:x>/c", "<str:y>/1/d"], "a/1/d") == Found(row: 2, values: ["a"]))
    }

    @Test("the method selects among the rows that match the path")
    func methods() throws {
        let texts = ["<str:x>", "POST new", "PUT,DELETE <slug:x>"]
        #expect(try self.match(texts, "new", "GET") == Found(row: 0, values: ["new"]))
        #expect(try self.match(texts, "new", "HEAD") == Found(row: 0, values: ["new"]))
        #expect(try self.match(texts, "new", "POST") == Found(row: 1))
        #expect(try self.match(texts, "new", "DELETE") == Found(row: 2, values: ["new"]))
        #expect(try self.match(texts, "new", "PATCH") == Found())
        #expect(try self.match(texts, "new", "get") == Found())
        #expect(try self.match(["ANY x"], "x", "BREW") == Found(row: 0))
    }

    @Test(
        "several values in one segment are split as by a regular expression",
        arguments: [
            ("<slug:a>-<slug:b>", "x-y-z", ["x-y", "z"]),
            ("<str:a>.json", "a.b.json", ["a.b"]),
            ("<int:a>-<str:b>", "1-2-3", ["1", "2-3"]),
            (
                "<slug:a>-<uuid:b>", "x-y-01234567-89ab-cdef-0123-456789abcdef",
                ["x-y", "0123456789abcdef0123456789abcdef"]
            ),
            ("v<float:a>.<int:b>", "v1.2.3", ["1.2", "3"]),
            ("v<float:a>.<int:b>", "v1.3", ["1.0", "3"]),
            ("<path:a>/edit", "x/edit/edit", ["x/edit"]),
            ("<path:a>/<path:b>", "x/y/z", ["x/y", "z"]),
            ("a<path:a>b", "axb/yb", ["xb/y"]),
            ("<str:a>", "a.json", ["a.json"]),
        ]
    )
    func mixed(pattern: String, path: String, values: [String]) throws {
        #expect(try self.match([pattern], path) == Found(row: 0, values: values))
    }

    @Test("input that takes a regular expression exponential time is matched quickly")
    func hostile() throws {
        let texts = ["<str:a>-<str:b>-<str:c>-<str:d>-<str:e>-<str:f>-<str:g>!"]
        #expect(try self.match(texts, String(repeating: "-", count: 16_000)) == Found())
        let found = try self.match(texts, String(repeating: "-", count: 16_000) + "!")
        #expect(found.row == 0 && found.values.map(\.count).reduce(0, +) == 16_000 - 6)
        // Many similar rows: only the one with the right suffix is examined in detail.
        let many = (0..<2000).map { "item-<str:a>-<str:b>.\($0)" }
        #expect(try self.match(many, "item-" + String(repeating: "-", count: 8000) + ".1999").row == 1999)
        #expect(
            try self.match(["a/<path:x>/b/<path:y>/c"], "a/" + String(repeating: "/b/", count: 4000) + "/c").row == 0)
    }

    @Test("thousands of random tables and paths match as Django's regular expressions do")
    func oracle() throws {
        var random = SeededNumbers(state: 9)
        let expressions: [Converter: String] = [
            .int: "([0-9]+)", .float: "([0-9]+(?:\\.[0-9]+)?)", .str: "([^/]+)", .slug: "([-a-zA-Z0-9_]+)",
            .uuid: "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", .path: "((?:.|\\n)+)",
        ]
        let texts = ["a", "b-", "/", "/", "/x/", ".", "-1", "1", "a/", "new"]
        let samples = [
            "a", "1", "12", "-", "/", "/", ".", "x", "new", "1.5", "0f0e0d0c-0102-0304-0506-0708090a0b0c", "é",
        ]
        var matched = 0
        for _ in 0..<3000 {
            var patterns: [URLPattern] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                var text = ""
                var values = 0
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    if Bool.random(using: &random), !text.hasSuffix(">"), values < 3 {
                        values += 1
                        text += "<\(Converter.allCases.randomElement(using: &random)!):v\(values)>"
                    } else {
                        text += texts.randomElement(using: &random)!
                    }
                }
                guard let pattern = try? URLPattern(text), !patterns.contains(where: { $0.pieces == pattern.pieces })
                else { continue }
                patterns.append(pattern)
            }
            let tree = try URLTree(patterns.map { ("", $0) })
            let regular = try patterns.map { pattern in
                let body = pattern.pieces.map { piece in
                    switch piece {
                    case .text(let text): NSRegularExpression.escapedPattern(for: String(decoding: text, as: UTF8.self))
                    case .value(let converter): expressions[converter]!
                    }
                }
                return try NSRegularExpression(pattern: "\\A" + body.joined() + "\\z")
            }
            for _ in 0..<8 {
                var path = ""
                // Some paths match, and some almost do.
                let model = patterns.randomElement(using: &random)
                if let model, Int.random(in: 0..<4, using: &random) > 0 {
                    for piece in model.pieces {
                        switch piece {
                        case .text(let text): path += String(decoding: text, as: UTF8.self)
                        case .value(.int): path += ["1", "12"].randomElement(using: &random)!
                        case .value(.float): path += ["1", "1.5"].randomElement(using: &random)!
                        case .value(.uuid): path += samples[10]
                        case .value:
                            path += samples.randomElement(using: &random)! + samples.randomElement(using: &random)!
                        }
                    }
                } else {
                    for _ in 0..<Int.random(in: 0...6, using: &random) {
                        path += samples.randomElement(using: &random)!
                    }
                }
                var expected = Found()
                for (row, expression) in regular.enumerated() {
                    let whole = NSRange(path.startIndex..., in: path)
                    guard let result = expression.firstMatch(in: path, range: whole) else { continue }
                    expected.row = row
                    expected.values = zip(1..., patterns[row].pathConverters).map { group, converter in
                        let text = String(path[Range(result.range(at: group), in: path)!])
                        switch converter {
                        case .int: return "\(Int64(text)!)"
                        case .float: return "\(Double(text)!)"
                        case .uuid: return text.replacing("-", with: "")
                        default: return text
                        }
                    }
                    break
                }
                let found = Self.match(tree, patterns, path)
                #expect(found == expected, "\(path) in \(patterns.map(\.pieces))")
                if found.row != nil { matched += 1 }
            }
        }
        #expect(matched > 5000)
    }
}

extension URLPattern {
    var pathConverters: [Converter] {
        self.pieces.compactMap { if case .value(let converter) = $0 { converter } else { nil } }
    }
}
