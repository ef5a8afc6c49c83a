import CASGI
import CViews

/// Looks a path up in a tree: the first row, in the order of their declaration, whose path fits and which takes the method.
///
/// Every node is visited at most once, since a level is a segment: the time it takes does not depend on what the path says. A value.
struct URLMatch {
    private let path: UnsafePointer<UInt8>
    private let count: Int
    private let method: RequestMethods
    /// The values of the way that is tried.
    private let tried: UnsafeMutablePointer<asgi_argument>
    /// The values of the row that was found.
    private let found: UnsafeMutablePointer<asgi_argument>
    /// The row that was found; `Int.max`: none.
    private(set) var row = Int.max
    /// The methods of all rows whose path fits, as far as they were looked at.
    private(set) var methods: RequestMethods = []

    /// `path`: behind the slash at its beginning. Arguments: room for as many as there may be, twice.
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

    /// Goes on from a node with the segment that begins here.
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

    /// A segment has fitted: the path ends with it, or goes on.
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
