import HTTPServer
import RoostSettings

/// The mounts of one host name, by path. A search takes at most one lookup per segment of the deepest mount, however
/// many mounts there are. Immutable, and thread-safe.
///
/// A path is matched as it was received, by whole segments, each decoded. An encoded slash separates no segments and is
/// part of no mount, dot segments are ordinary names (RFC 3986 §2.2, §6.2.2), and letter case counts.
// SAFETY: written in `init` only.
final class PathTable: @unchecked Sendable {
    private let root: Unmanaged<Mounted>?
    /// The number of segments of the deepest mount, and the size of the longest in bytes.
    private let depth: Int
    private let longest: Int
    private let below: OctetsTable<Mounted>

    /// The host name. Lives as long as this table.
    let name: Octets

    /// `mounts`: no two of them may have the same path. `name`: the host name that they are for.
    init(_ mounts: [Mounted], name: String = "") {
        self.name = .lasting(name)
        self.root = mounts.first { $0.path.size == 0 }.map(Unmanaged.passUnretained)
        let below = mounts.filter { $0.path.size > 0 }
        self.depth = below.map { $0.mount.path.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0
        self.longest = below.map(\.path.size).max() ?? 0
        self.below = OctetsTable(below.map { ($0.path, $0) })
    }

    deinit { self.name.data?.deallocate() }

    /// The longest mount that contains the path, or nil if there is none.
    @inline(__always)
    func mounted(raw: Octets, decoded: Octets) -> Unmanaged<Mounted>? {
        self.depth == 0 ? self.root : self.search(raw, decoded)
    }

    private func search(_ raw: Octets, _ decoded: Octets) -> Unmanaged<Mounted>? {
        guard let bytes = UnsafeRawPointer(raw.data)?.assumingMemoryBound(to: UInt8.self) else { return self.root }
        let count = raw.size
        var found = self.root
        var hash = OctetsHash()
        var at = 0
        // The size of the decoded path so far, in bytes.
        var length = 0
        for _ in 0..<self.depth {
            guard at < count, bytes[at] == UInt8(ascii: "/") else { return found }
            at += 1
            length += 1
            hash.add(UInt8(ascii: "/"))
            let start = at
            while at < count, bytes[at] != UInt8(ascii: "/") {
                var byte = bytes[at]
                at += 1
                if byte == UInt8(ascii: "%") {
                    byte = Self.digit(bytes[at]) << 4 | Self.digit(bytes[at + 1])
                    at += 2
                    guard byte != UInt8(ascii: "/") else { return found }
                }
                hash.add(byte)
                length += 1
                guard length <= self.longest else { return found }
            }
            guard at > start else { return found }
            let path = Octets(data: decoded.data, size: length)
            if let mounted = self.below.find(hash.value, { $0.equals(path) }) { found = mounted }
        }
        return found
    }

    /// The value of a hexadecimal digit. Not checked here, since the path was already decoded successfully.
    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt8 {
        byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
    }
}
