import CASGI
import CViews
import HTTPServer

/// Decoded fields in order, in the layout that modules see. Their bytes are in the arena of the request, or where they
/// were received.
struct DecodedFields {
    var start: UnsafePointer<asgi_header>?
    var count = 0
    /// The indices of fields that were not UTF-8, so that bytes were replaced.
    var mended: [Int] = []

    @inline(__always)
    func name(_ at: Int) -> Octets { Octets(self.start![at].name) }

    @inline(__always)
    func value(_ at: Int) -> Octets { Octets(self.start![at].value) }

    /// The number of fields with this name, and the index of the first.
    @inline(__always)
    func find(_ name: Octets) -> (count: Int, first: Int) {
        var found = (count: 0, first: 0)
        for at in 0..<self.count where self.name(at).equals(name) {
            if found.count == 0 { found.first = at }
            found.count += 1
        }
        return found
    }
}
