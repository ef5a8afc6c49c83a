import CASGI
import CViews
import HTTPServer

/// A place in the tree of patterns, between two slashes. Made once, for the life of the process, as the modules' code is. Immutable. [any]
struct URLNode {
    /// Segments that are texts, by hash: open addressing, at most half full. Nil: there are none.
    var texts: UnsafeMutablePointer<TextSlot>?
    /// A power of two, less one.
    var mask = 0
    /// Segments with values, the pattern that was declared first in front.
    var edges: UnsafeMutablePointer<URLEdge>
    var edgeCount: Int
    /// The rows whose path ends here, in their order.
    var leaves: UnsafeMutablePointer<URLLeaf>
    var leafCount: Int
    /// The methods of all of them.
    var methods: RequestMethods
    /// The first row at or below this.
    var first: Int

    struct TextSlot {
        var hash: UInt64
        var text: Octets
        var node: UnsafePointer<URLNode>?
    }

    /// The node behind a segment that is this text.
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

/// A segment with a value, or several; or a path to its end.
struct URLEdge {
    /// Of a segment that is one value.
    let converter: Converter
    /// Of all others; lives as long as the process.
    let sequence: Unmanaged<PieceSequence>?
    /// It goes to the end of the path.
    let isLast: Bool
    let values: Int
    let node: UnsafePointer<URLNode>
    /// The first row behind it.
    let first: Int
}

/// A row whose path ends at a node.
struct URLLeaf {
    let methods: RequestMethods
    let row: Int
}
