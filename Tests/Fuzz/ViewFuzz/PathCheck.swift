import CASGI
import CViews
import HTTPServer

@testable import ModuleRuntime

/// Checks that the tree finds the first row that matches a whole path. The input has a pattern per line, then the path.
enum PathCheck {
    static func run(_ bytes: [UInt8]) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let path = Array(lines.removeLast())
        var patterns: [(text: String, pattern: URLPattern)] = []
        for line in lines {
            let text = String(decoding: line, as: UTF8.self)
            guard let pattern = try? URLPattern(text) else { return }
            for field in pattern.query + pattern.bodyFields {
                field.lastingName.data?.deallocate()
                field.lastingFallback?.data?.deallocate()
            }
            // The limit of a table.
            guard pattern.kinds.count <= Int(ASGI_MAX_ARGUMENTS) else { return }
            patterns.append((text, pattern))
        }
        guard let tree = try? URLTree(patterns) else { return }
        let found = Self.find(path, in: tree)
        Self.free(tree.root)
        for (row, (text, pattern)) in patterns.enumerated() {
            guard pattern.methods.contains(.get) else {
                precondition(row != found, "\(text) does not accept the method")
                continue
            }
            let fits = Self.fits(pattern.pieces, path)
            precondition(fits || row != found, "\(text) does not match \(path)")
            guard row < found ?? .max else { break }
            // A number out of range does not match.
            precondition(!fits || pattern.pathKinds.contains { $0 == .int || $0 == .double }, "\(text) matches \(path)")
        }
    }

    private static func find(_ path: [UInt8], in tree: URLTree) -> Int? {
        let most = Int(ASGI_MAX_ARGUMENTS)
        return withUnsafeTemporaryAllocation(of: asgi_argument.self, capacity: 2 * most) { room -> Int? in
            // The extra byte gives an empty path a base address too.
            (path + [0]).withUnsafeBufferPointer { bytes -> Int? in
                var match = URLMatch(
                    bytes.baseAddress!, path.count, method: .get, tried: room.baseAddress!,
                    found: room.baseAddress! + most)
                match.visit(tree.root, 0, filled: 0)
                precondition(match.row == .max || match.methods.contains(.get))
                return match.row == .max ? nil : match.row
            }
        }
    }

    /// Whether the pieces match the path. Unlike the tree, it keeps the set of offsets where each piece can end.
    private static func fits(_ pieces: [URLPattern.Piece], _ path: [UInt8]) -> Bool {
        var places: Set = [0]
        for piece in pieces {
            var ends: Set<Int> = []
            for start in places {
                switch piece {
                case .text(let text): if path[start...].starts(with: text) { ends.insert(start + text.count) }
                case .value(let converter): ends.formUnion(Self.ends(of: converter, path, start))
                }
            }
            places = ends
        }
        return places.contains(path.count)
    }

    private static func ends(of converter: Converter, _ path: [UInt8], _ start: Int) -> [Int] {
        let rest = path[start...]
        func run(_ takes: (UInt8) -> Bool) -> [Int] {
            let count = rest.prefix(while: takes).count
            return count > 0 ? Array(start + 1...start + count) : []
        }
        switch converter {
        case .int: return run(Self.isDigit)
        case .float:
            let whole = run(Self.isDigit)
            guard let dot = whole.last, dot < path.count, path[dot] == UInt8(ascii: ".") else { return whole }
            let digits = path[(dot + 1)...].prefix(while: Self.isDigit).count
            return digits > 0 ? whole + Array(dot + 2...dot + 1 + digits) : whole
        case .str: return run { $0 != UInt8(ascii: "/") }
        case .slug: return run { Self.slug.contains($0) }
        case .uuid:
            let model = "00000000-0000-0000-0000-000000000000".utf8
            let isOne =
                rest.count >= model.count
                && zip(rest, model).allSatisfy { byte, like in
                    like == UInt8(ascii: "-") ? byte == like : "0123456789abcdef".utf8.contains(byte)
                }
            return isOne ? [start + model.count] : []
        case .path: return run { _ in true }
        }
    }

    private static let slug = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool { "0123456789".utf8.contains(byte) }

    /// Frees a tree. Elsewhere a tree lives as long as the process; the fuzzer makes too many.
    private static func free(_ node: UnsafePointer<URLNode>) {
        let (edges, leaves) = (node.pointee.edges, node.pointee.leaves)
        for at in 0..<node.pointee.edgeCount {
            Self.free(edges[at].node)
            edges[at].sequence?.release()
        }
        if let texts = node.pointee.texts {
            for at in 0...node.pointee.mask {
                guard let below = texts[at].node else { continue }
                Self.free(below)
                texts[at].text.data?.deallocate()
            }
            texts.deallocate()
        }
        edges.deallocate()
        leaves.deallocate()
        node.deallocate()
    }
}
