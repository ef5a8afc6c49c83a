import CASGI
import CViews
import HTTPServer
import RoostSystem

/// Parses `[METHODS ' '] PATH ['?' FIELDS] [' ' BODY]`, as specified in `asgi_urls.h`.
extension URLPattern {
    /// `prefixes`: the paths of the rows that include this pattern's table, the outermost first.
    package init(_ text: String, below prefixes: [String] = []) throws(URLFault) {
        guard !text.contains("  ") else {
            throw URLFault("has two consecutive spaces; write '/' for the mount or the prefix itself")
        }
        var words = text.split(separator: " ", omittingEmptySubsequences: false)[...]
        let methods = words.count > 1 ? try Self.methods(words[0], before: words[1]) : nil
        if methods != nil { words.removeFirst() }
        let target = words.popFirst() ?? ""
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.methods = methods ?? [.get, .head]
        for prefix in prefixes { try self.addPath(prefix[...]) }
        // The mount or the prefix itself is written "/", since an empty pattern would look like a mistake.
        if parts[0] != "/" || !(self.pieces.isEmpty || self.endsWithSlash) { try self.addPath(parts[0]) }
        self.mergeTexts()
        try self.checkNeighbours()
        if parts.count > 1 { self.query = try Self.fields(parts[1]) }
        if let word = words.popFirst() { try self.addBody(word, words) }
        if self.body != .unread {
            self.methods = methods ?? .post
            guard !self.methods.isSubset(of: [.get, .head]) else {
                throw URLFault("a body is not possible with GET; name the method, for example POST")
            }
            guard self.body == .collected || self.methods.isDisjoint(with: .get) else {
                throw URLFault("a form or JSON is not possible with GET; name the method, for example POST")
            }
        }
        var seen: Set<String> = []
        for name in self.names where !seen.insert(name).inserted {
            throw URLFault("duplicate name '\(name)'; give each value its own name")
        }
    }

    /// A pattern with its prefixes, as messages show it. The methods stay in front of the prefixes.
    package static func whole(_ text: String, below prefixes: [String]) -> String {
        guard let space = text.firstIndex(of: " "), RequestMethods(words: text[..<space]) != nil else {
            return prefixes.joined() + text
        }
        return text[...space] + prefixes.joined() + text[text.index(after: space)...]
    }

    /// Reads the methods at the start of a pattern. Returns nil if the word is a path.
    private static func methods(_ word: Substring, before next: Substring) throws(URLFault) -> RequestMethods? {
        if let methods = RequestMethods(words: word) { return methods }
        let capitals = word.uppercased()
        guard Body(word: next) != nil || RequestMethods(words: capitals[...]) == nil else {
            throw URLFault("write methods in capitals: '\(capitals)', not '\(word)'")
        }
        // More methods may be added later, and the pattern must not change its meaning then.
        guard let first = word.first, first.isASCII, first.isUppercase,
            word.allSatisfy({ $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "," || $0 == "-") })
        else { return nil }
        let nearest = NearestName.to(String(word), among: RequestMethods.words).first.map { ", did you mean '\($0)'?" }
        let known = RequestMethods.words.joined(separator: ", ")
        throw URLFault("unknown method '\(word)'\(nearest ?? "; known: \(known)")")
    }

    private mutating func addPath(_ text: Substring) throws(URLFault) {
        var rest = text
        if rest.first == "/", self.pieces.isEmpty || self.endsWithSlash {
            throw URLFault("starts with a slash; remove it, patterns are relative to the mount")
        }
        while !rest.isEmpty {
            let literal = rest.prefix { $0 != "<" }
            try Self.checkText(literal)
            if !literal.isEmpty { self.pieces.append(.text(Array(literal.utf8))) }
            rest = rest.dropFirst(literal.count)
            guard !rest.isEmpty else { return }
            guard let end = rest.firstIndex(of: ">") else { throw URLFault("'<' without '>'") }
            let (converter, name) = try Self.value(rest[rest.index(after: rest.startIndex)..<end])
            guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }), !name.isEmpty else {
                throw URLFault("invalid name '\(name)'; use letters, digits and '_'")
            }
            self.pieces.append(.value(converter))
            self.names.append(String(name))
            rest = rest[rest.index(after: end)...]
        }
    }

    private var endsWithSlash: Bool {
        if case .text(let text)? = self.pieces.last { text.last == UInt8(ascii: "/") } else { false }
    }

    private static func checkText(_ text: Substring) throws(URLFault) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case ">": throw URLFault("'>' without '<'")
            case "%": throw URLFault("contains '%'; write the decoded character, since patterns match decoded paths")
            case "#": throw URLFault("contains '#', which never occurs in a request path")
            case "\0"..." ", "\u{7f}": throw URLFault("contains a control character")
            default: break
            }
        }
    }

    /// Reads a value, such as `int:year`. The converter is `str` if none is named.
    private static func value(_ text: Substring) throws(URLFault) -> (Converter, Substring) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return (.str, parts[0]) }
        guard let converter = Converter(rawValue: String(parts[0])) else {
            let known = Converter.allCases.map(\.rawValue)
            let nearest = NearestName.to(String(parts[0]), among: known).first.map { ", did you mean '\($0)'?" }
            throw URLFault(
                "unknown converter '\(parts[0])'\(nearest ?? "; known: \(known.joined(separator: ", "))")")
        }
        return (converter, parts[1])
    }

    /// Reads fields, such as `<int:page=1>&<str:q>`.
    private static func fields(_ text: Substring) throws(URLFault) -> [Field] {
        var fields: [Field] = []
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            guard part.first == "<", part.last == ">", part.count > 2 else {
                throw URLFault(
                    "malformed field '\(part)'; write <converter:name> or <converter:name=default>, without spaces")
            }
            let inner = part.dropFirst().dropLast()
            guard !inner.contains("<") else {
                throw URLFault("'\(part)' contains several fields; separate them with '&'")
            }
            let halves = inner.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (converter, name) = try Self.value(halves[0])
            guard !name.isEmpty, !name.contains(where: { "<>=&".contains($0) }) else {
                throw URLFault("'\(part)' has no name")
            }
            guard !fields.contains(where: { $0.name == name }) else {
                throw URLFault("duplicate field '\(name)'")
            }
            let fallback = halves.count > 1 ? String(halves[1]) : nil
            if let fallback, !Self.fits(fallback, converter) {
                throw URLFault("the default '\(fallback)' of the field '\(name)' is not \(converter.expectation)")
            }
            fields.append(Field(converter: converter, name: String(name), fallback: fallback))
        }
        return fields
    }

    private static func fits(_ text: String, _ converter: Converter) -> Bool {
        var argument = asgi_argument()
        return Array(text.utf8).withUnsafeBytes { converter.readField(Octets($0), into: &argument) }
    }

    private mutating func addBody(_ word: Substring, _ rest: ArraySlice<Substring>) throws(URLFault) {
        guard let body = Body(word: word) else {
            throw URLFault("unknown word '\(word)' after the path; known: body, form, json")
        }
        self.body = body
        guard let fields = rest.first else { return }
        guard self.body != .collected else { throw URLFault("unexpected '\(fields)': a body has no fields") }
        guard rest.count == 1 else {
            throw URLFault(
                "'\(rest.dropFirst().first!)' is unexpected; separate fields with '&', not with spaces")
        }
        self.bodyFields = try Self.fields(fields)
    }

    /// Merges adjacent texts: the end of a prefix and the start of the pattern after it.
    private mutating func mergeTexts() {
        self.pieces = self.pieces.reduce(into: []) { merged, piece in
            guard case .text(let text) = piece, case .text(let before)? = merged.last else {
                return merged.append(piece)
            }
            merged[merged.count - 1] = .text(before + text)
        }
    }

    /// Refuses two values without text between them, since there is no unique way to split them.
    private func checkNeighbours() throws(URLFault) {
        for (left, right) in zip(self.pieces, self.pieces.dropFirst()) {
            if case .value = left, case .value = right {
                throw URLFault("two values without text between them are ambiguous")
            }
        }
    }
}
