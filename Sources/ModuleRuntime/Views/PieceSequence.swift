import CASGI
import CViews
import HTTPServer

/// Texts and values that share a segment, or the rest of a path: `<slug:name>-<int:part>.html`, `<path:file>/raw`.
///
/// Matches as Django's regular expressions do: the first value takes as much as it can while the rest still matches.
/// The time grows with the length of the text, whatever its content. To this end the match goes backwards from the end,
/// and marks for each piece the positions where it may begin. Immutable, and thread-safe.
// SAFETY: written in `init` only.
final class PieceSequence: @unchecked Sendable {
    let pieces: [URLPattern.Piece]
    /// The size of the shortest text that can match.
    private let least: Int
    /// The literal texts at either end; they live as long as this object.
    private let prefix: Octets
    private let suffix: Octets

    init(_ pieces: [URLPattern.Piece]) {
        self.pieces = pieces
        self.least = pieces.reduce(0) {
            if case .text(let text) = $1 { $0 + text.count } else { $0 + 1 }
        }
        self.prefix = Self.copy(pieces.first)
        self.suffix = Self.copy(pieces.last)
    }

    deinit {
        self.prefix.data?.deallocate()
        self.suffix.data?.deallocate()
    }

    private static func copy(_ piece: URLPattern.Piece?) -> Octets {
        guard case .text(let text) = piece else { return .empty }
        return .lasting(String(decoding: text, as: UTF8.self))
    }

    private static func has(_ text: UnsafePointer<UInt8>, _ part: Octets) -> Bool {
        Octets(UnsafeRawBufferPointer(start: text, count: part.size)).equals(part)
    }

    /// Reads the values into `arguments`. Returns false if the text does not match.
    func match(
        _ text: UnsafePointer<UInt8>, _ count: Int, into arguments: UnsafeMutablePointer<asgi_argument>
    ) -> Bool {
        guard count >= self.least else { return false }
        // The most frequent case: a path to the end.
        if self.pieces.count == 1, case .value(let converter) = self.pieces[0] {
            return converter.read(text, count, into: arguments)
        }
        // Rejects most texts that do not match at little cost.
        guard Self.has(text, self.prefix), Self.has(text + (count - self.suffix.size), self.suffix) else {
            return false
        }
        return withUnsafeTemporaryAllocation(of: Bool.self, capacity: (self.pieces.count + 1) * (count + 1)) { begins in
            begins.initialize(repeating: false)
            let places = Places(text: text, count: count, begins: begins.baseAddress!)
            places[self.pieces.count, count] = true
            for piece in self.pieces.indices.reversed() { self.mark(piece, places) }
            return places[0, 0] && self.read(places, into: arguments)
        }
    }

    /// For each piece, the positions where it may begin so that it and all later pieces match.
    private struct Places {
        let text: UnsafePointer<UInt8>
        let count: Int
        let begins: UnsafeMutablePointer<Bool>

        subscript(_ piece: Int, _ at: Int) -> Bool {
            get { self.begins[piece * (self.count + 1) + at] }
            nonmutating set { self.begins[piece * (self.count + 1) + at] = newValue }
        }

        func has(_ bytes: [UInt8], at: Int) -> Bool {
            at + bytes.count <= self.count && bytes.indices.allSatisfy { self.text[at + $0] == bytes[$0] }
        }
    }

    private func mark(_ piece: Int, _ places: Places) {
        let count = places.count
        switch self.pieces[piece] {
        case .text(let text):
            guard count >= text.count else { return }
            for at in 0...(count - text.count) where places[piece + 1, at + text.count] {
                places[piece, at] = places.has(text, at: at)
            }
        case .value(.uuid):
            guard count >= Converter.uuidSize else { return }
            for at in 0...(count - Converter.uuidSize) where places[piece + 1, at + Converter.uuidSize] {
                places[piece, at] = Converter.isUUID(places.text + at)
            }
        case .value(.float):
            // Whether fraction digits may begin one and two positions later; whether digits before the dot may.
            var (fraction, fractionBehind, whole) = (false, false, false)
            for at in stride(from: count - 1, through: 0, by: -1) {
                let isDigit = ASCII.isDigit(places.text[at])
                let mayEnd = places[piece + 1, at + 1]
                let isBeforeDot = at + 1 < count && places.text[at + 1] == UInt8(ascii: ".")
                whole = isDigit && (mayEnd || whole || (isBeforeDot && fractionBehind))
                (fraction, fractionBehind) = (isDigit && (mayEnd || fraction), fraction)
                places[piece, at] = whole
            }
        case .value(let converter):
            var fits = false
            for at in stride(from: count - 1, through: 0, by: -1) {
                fits = converter.accepts(places.text[at]) && (fits || places[piece + 1, at + 1])
                places[piece, at] = fits
            }
        }
    }

    private func read(_ places: Places, into arguments: UnsafeMutablePointer<asgi_argument>) -> Bool {
        var at = 0
        var argument = arguments
        for (piece, what) in self.pieces.enumerated() {
            switch what {
            case .text(let text): at += text.count
            case .value(let converter):
                let end = self.end(of: converter, piece, at, places)
                guard converter.read(places.text + at, end - at, into: argument) else { return false }
                argument += 1
                at = end
            }
        }
        return true
    }

    /// The last position where the piece after the value may begin.
    private func end(of converter: Converter, _ piece: Int, _ start: Int, _ places: Places) -> Int {
        guard converter != .uuid else { return start + Converter.uuidSize }
        var end = start
        var at = start
        var dots = 0
        while at < places.count, converter.accepts(places.text[at]) {
            if converter == .float, places.text[at] == UInt8(ascii: ".") {
                dots += 1
                if dots > 1 { break }
                at += 1
                continue
            }
            at += 1
            if places[piece + 1, at] { end = at }
        }
        return end
    }
}
