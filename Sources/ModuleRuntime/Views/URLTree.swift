import CASGI
import CViews
import HTTPServer

/// The patterns of a table as a tree, with one level for each segment of a path.
struct URLTree {
    /// A segment of a pattern, as an edge of the tree.
    enum Segment: Hashable {
        case text([UInt8])
        case value(Converter)
        case pieces([URLPattern.Piece])
        /// The rest of the path.
        case rest([URLPattern.Piece])
    }

    /// A node while the tree is built.
    private final class Growing {
        var below: [Segment: Growing] = [:]
        var leaves: [URLLeaf] = []
        var first = Int.max
    }

    let root: UnsafePointer<URLNode>

    /// Builds the tree. Throws `URLFault` if a row could never be called.
    init(_ patterns: [(text: String, pattern: URLPattern)]) throws(URLFault) {
        let root = Growing()
        for (row, (text, pattern)) in patterns.enumerated() {
            var node = root
            node.first = min(node.first, row)
            for segment in Self.segments(pattern.pieces) {
                let next = node.below[segment] ?? Growing()
                node.below[segment] = next
                node = next
                node.first = min(node.first, row)
            }
            let before = node.leaves.filter { !$0.methods.isDisjoint(with: pattern.methods) }
            if before.reduce(RequestMethods(), { $0.union($1.methods) }).isSuperset(of: pattern.methods) {
                let rows = before.map { "\"\(patterns[$0.row].text)\"" }.joined(separator: " and ")
                throw URLFault("\"\(text)\": is unreachable, since \(rows) before it has the same path and methods")
            }
            node.leaves.append(URLLeaf(methods: pattern.methods, row: row))
        }
        self.root = Self.freeze(root)
    }

    /// Splits a pattern at its slashes. A segment that contains a `path` extends to the end.
    static func segments(_ pieces: [URLPattern.Piece]) -> [Segment] {
        var segments: [Segment] = []
        var segment: [URLPattern.Piece] = []
        for (at, piece) in pieces.enumerated() {
            switch piece {
            case .value(.path):
                segments.append(.rest(segment + pieces[at...]))
                return segments
            case .value: segment.append(piece)
            case .text(let text):
                for (number, part) in text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                    .enumerated()
                {
                    if number > 0 {
                        segments.append(Self.segment(segment))
                        segment = []
                    }
                    if !part.isEmpty { segment.append(.text(Array(part))) }
                }
            }
        }
        return segments + [Self.segment(segment)]
    }

    private static func segment(_ pieces: [URLPattern.Piece]) -> Segment {
        guard pieces.count < 2 else { return .pieces(pieces) }
        switch pieces.first {
        case nil: return .text([])
        case .text(let text): return .text(text)
        case .value(let converter): return .value(converter)
        }
    }

    private static func freeze(_ growing: Growing) -> UnsafePointer<URLNode> {
        var texts: [([UInt8], UnsafePointer<URLNode>)] = []
        var edges: [URLEdge] = []
        for (segment, below) in growing.below {
            let node = Self.freeze(below)
            func edge(_ converter: Converter, _ pieces: [URLPattern.Piece]?, isLast: Bool = false) -> URLEdge {
                URLEdge(
                    converter: converter, sequence: pieces.map { Unmanaged.passRetained(PieceSequence($0)) },
                    isLast: isLast,
                    values: pieces?.count { if case .value = $0 { true } else { false } } ?? 1, node: node,
                    first: below.first)
            }
            switch segment {
            case .text(let text): texts.append((text, node))
            case .value(let converter): edges.append(edge(converter, nil))
            case .pieces(let pieces): edges.append(edge(.str, pieces))
            case .rest(let pieces): edges.append(edge(.path, pieces, isLast: true))
            }
        }
        edges.sort { $0.first < $1.first }
        let node = UnsafeMutablePointer<URLNode>.allocate(capacity: 1)
        node.initialize(
            to: URLNode(
                edges: Self.lasting(edges), edgeCount: edges.count, leaves: Self.lasting(growing.leaves),
                leafCount: growing.leaves.count,
                methods: growing.leaves.reduce(RequestMethods()) { $0.union($1.methods) }, first: growing.first))
        if !texts.isEmpty { Self.put(texts, into: node) }
        return UnsafePointer(node)
    }

    private static func put(_ texts: [([UInt8], UnsafePointer<URLNode>)], into node: UnsafeMutablePointer<URLNode>) {
        var size = 2
        while size < texts.count * 2 { size *= 2 }
        let empty = URLNode.TextSlot(hash: 0, text: .empty, node: nil)
        let slots = UnsafeMutablePointer<URLNode.TextSlot>.allocate(capacity: size)
        slots.initialize(repeating: empty, count: size)
        for (text, below) in texts {
            let octets = Octets(UnsafeRawBufferPointer(start: Self.lasting(text), count: text.count))
            let hash = OctetsHash.of(octets.bytes)
            var at = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[at].node != nil { at = (at + 1) & (size - 1) }
            slots[at] = URLNode.TextSlot(hash: hash, text: octets, node: below)
        }
        node.pointee.texts = slots
        node.pointee.mask = size - 1
    }

    private static func lasting<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        memory.initialize(from: elements, count: elements.count)
        return memory
    }
}
