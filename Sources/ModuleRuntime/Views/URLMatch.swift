import CASGI
import CViews
import HTTPServer

/// Searches a tree for a path: finds the first row, in the order of declaration, whose path matches and that accepts
/// the method.
///
/// Each level of the tree is one segment, so every node is visited at most once. The time therefore does not depend on
/// the content of the path. A value.
struct URLMatch {
    private let path: UnsafePointer<UInt8>
    private let count: Int
    private let method: RequestMethods
    /// The values along the branch that is being tried.
    private let tried: UnsafeMutablePointer<asgi_argument>
    /// The values of the row that was found.
    private let found: UnsafeMutablePointer<asgi_argument>
    /// The row that was found; `Int.max` if none was.
    private(set) var row = Int.max
    /// The methods of all rows whose path matches, among those that were visited.
    private(set) var methods: RequestMethods = []

    /// `path`: without its leading slash. `tried`, `found`: memory for the maximum number of arguments each.
    @inline(__always)
    init(
        _ path: UnsafePointer<UInt8>, _ count: Int, method: RequestMethods, tried: UnsafeMutablePointer<asgi_argument>,
        found: UnsafeMutablePointer<asgi_argument>
    ) {
        self.path = path
        self.count = count
        self.method = method
        self.tried = tried
        self.found = found
    }

    /// Continues at a node with the segment that begins at `start`.
    mutating func visit(_ node: UnsafePointer<URLNode>, _ start: Int, filled: Int) {
        var end = start
        var below: UnsafePointer<URLNode>?
        if node.pointee.texts != nil {
            var hash = OctetsHash()
            while end < self.count, self.path[end] != UInt8(ascii: "/") {
                hash.add(self.path[end])
                end += 1
            }
            below = node.pointee.text(self.path + start, end - start, hash: hash.value)
        } else {
            while end < self.count, self.path[end] != UInt8(ascii: "/") { end += 1 }
        }
        for at in 0..<node.pointee.edgeCount {
            let edge = node.pointee.edges + at
            if let text = below, text.pointee.first < edge.pointee.first {
                below = nil
                self.arrive(text, end, filled: filled)
            }
            guard edge.pointee.first < self.row else { break }
            self.follow(edge, start, end, filled: filled)
        }
        if let text = below, text.pointee.first < self.row { self.arrive(text, end, filled: filled) }
    }

    @inline(__always)
    private mutating func follow(_ edge: UnsafeMutablePointer<URLEdge>, _ start: Int, _ end: Int, filled: Int) {
        let size = (edge.pointee.isLast ? self.count : end) - start
        if let sequence = edge.pointee.sequence {
            let fits = sequence._withUnsafeGuaranteedRef {
                $0.match(self.path + start, size, into: self.tried + filled)
            }
            guard fits else { return }
        } else {
            guard edge.pointee.converter.read(self.path + start, size, into: self.tried + filled) else { return }
        }
        self.arrive(edge.pointee.node, start + size, filled: filled + edge.pointee.values)
    }

    /// Handles a segment that matched: the path ends with it, or continues below the node.
    @inline(__always)
    private mutating func arrive(_ node: UnsafePointer<URLNode>, _ end: Int, filled: Int) {
        guard end == self.count else { return self.visit(node, end + 1, filled: filled) }
        self.methods.formUnion(node.pointee.methods)
        for at in 0..<node.pointee.leafCount {
            let leaf = node.pointee.leaves[at]
            guard leaf.row < self.row else { return }
            guard !leaf.methods.isDisjoint(with: self.method) else { continue }
            self.row = leaf.row
            for at in 0..<filled { self.found[at] = self.tried[at] }
            return
        }
    }
}
