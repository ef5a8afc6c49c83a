import CASGI
import CViews
import HTTPServer

/// A node in the tree of patterns: the position between two slashes. Made once, for the life of the process, like the
/// modules' code. Immutable, and thread-safe.
struct URLNode {
    /// The nodes below literal segments, by hash: open addressing, at most half full. Nil if there are none.
    var texts: UnsafeMutablePointer<TextSlot>?
    /// The number of slots in `texts`, a power of two, less one.
    var mask = 0
    /// The edges for segments with values, in the order in which the patterns were declared.
    var edges: UnsafeMutablePointer<URLEdge>
    var edgeCount: Int
    /// The rows whose path ends here, in order.
    var leaves: UnsafeMutablePointer<URLLeaf>
    var leafCount: Int
    /// The methods of all leaves.
    var methods: RequestMethods
    /// The first row at or below this node.
    var first: Int

    struct TextSlot {
        var hash: UInt64
        var text: Octets
        var node: UnsafePointer<URLNode>?
    }

    /// The node below a literal segment, or nil if there is none.
    @inline(__always)
    func text(_ bytes: UnsafePointer<UInt8>, _ count: Int, hash: UInt64) -> UnsafePointer<URLNode>? {
        guard let texts else { return nil }
        var at = Int(truncatingIfNeeded: hash) & self.mask
        while let node = texts[at].node {
            if texts[at].hash == hash, texts[at].text.equals(Octets(UnsafeRawBufferPointer(start: bytes, count: count)))
            {
                return node
            }
            at = (at + 1) & self.mask
        }
        return nil
    }
}

/// An edge of the tree: a segment with one or more values, or the rest of a path.
struct URLEdge {
    /// The converter of a segment that is a single value.
    let converter: Converter
    /// The pieces of any other segment; nil for a single value. Lives as long as the process.
    let sequence: Unmanaged<PieceSequence>?
    /// Whether the edge extends to the end of the path.
    let isLast: Bool
    let values: Int
    let node: UnsafePointer<URLNode>
    /// The first row below the edge.
    let first: Int
}

/// A row whose path ends at a node.
struct URLLeaf {
    let methods: RequestMethods
    let row: Int
}
