import CASGI
import CViews
import HTTPServer

/// Fields that were decoded, in their order, as modules see them. What they say is in the arena of who has asked, or where it came from.
struct DecodedFields {
    var start: UnsafePointer<asgi_header>?
    var count = 0
    /// Those that were no UTF-8, and had something replaced.
    var mended: [Int] = []

    @inline(__always)
    func name(_ at: Int) -> Octets { Octets(self.start![at].name) }

    @inline(__always)
    func value(_ at: Int) -> Octets { Octets(self.start![at].value) }

    /// How many have this name, and where the first is.
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
