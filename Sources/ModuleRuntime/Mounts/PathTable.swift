import HTTPServer
import RoostSettings

/// The mounts of one host name, by path: one look for each segment that a mount could end with, however many there are. Immutable. [any]
///
/// A path is matched as it was received, by whole segments, each decoded: an encoded slash separates nothing and is in no
/// mount, dot segments are names like others (RFC 3986 §2.2, §6.2.2), letter case counts.
// SAFETY: written in `init` only.
final class PathTable: @unchecked Sendable {
    private let root: Unmanaged<Mounted>?
    /// Segments of the mount that has most, and bytes of the longest.
    private let depth: Int
    private let longest: Int
    private let below: OctetsTable<Mounted>

    /// The host's, as long as this lives.
    let name: Octets

    /// No two of them have the same path. `name`: the host's that they are for.
    init(_ mounts: [Mounted], name: String = "") {
        self.name = .lasting(name)
        self.root = mounts.first { $0.path.size == 0 }.map(Unmanaged.passUnretained)
        let below = mounts.filter { $0.path.size > 0 }
        self.depth = below.map { $0.mount.path.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0
        self.longest = below.map(\.path.size).max() ?? 0
        self.below = OctetsTable(below.map { ($0.path, $0) })
    }

    deinit { self.name.data?.deallocate() }

    /// The longest mount that the path is at or below; nil: none.
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
        // Bytes of the decoded path so far.
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

    /// Whoever decoded the path has seen that it is one.
    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt8 {
        byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
    }
}
