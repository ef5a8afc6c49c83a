/// Where an application answers: a path prefix, of the hosts that it names, or of all.
public struct Mount: Sendable, Hashable, CustomStringConvertible {
    /// Decoded, "" or "/wiki": ASGI's `root_path`.
    public let path: String
    /// None: every host.
    public let hosts: [HostPattern]

    /// Everything.
    public static let root = Mount()

    private init() {
        self.path = ""
        self.hosts = []
    }

    /// `path`: "/" or "/wiki" (a slash at the end counts for nothing). Throws `MountFault`.
    public init(path: String, hosts: [HostPattern] = []) throws(MountFault) {
        self.hosts = hosts
        guard path.hasPrefix("/") else { throw MountFault("'\(path)' does not start with a /") }
        var path = path
        if path.hasSuffix("/") { path.removeLast() }
        self.path = path
        guard path.utf8.count <= Self.longest else {
            throw MountFault("is longer than \(Self.longest) bytes")
        }
        for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard !segment.isEmpty else {
                throw MountFault("'\(path)' has two consecutive slashes, which no request path has")
            }
            guard segment != ".", segment != ".." else {
                throw MountFault("'\(path)' contains the segment '\(segment)'; write the path without it")
            }
        }
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw MountFault("contains a control character")
        }
        for mark in ["?", "#"] where path.contains(mark) {
            throw MountFault("'\(path)' contains \(mark); only a path can be mounted")
        }
        guard !path.contains("%") else { throw MountFault("'\(path)' contains %; write the path decoded") }
    }

    /// Bytes of a mount's path: a request is looked at no further.
    package static let longest = 1024

    /// `/wiki`, `wiki.example.org/`, `{a.example.org, b.example.org}/wiki`.
    public var description: String {
        let path = self.path.isEmpty ? "/" : self.path
        switch self.hosts.count {
        case 0: return path
        case 1: return "\(self.hosts[0])\(path)"
        default: return "{\(self.hosts.map(\.description).joined(separator: ", "))}\(path)"
        }
    }

    /// Whether both answer for the same requests; nil: no. Else for which host ("": for all).
    package func conflict(with other: Mount) -> String? {
        guard self.path == other.path else { return nil }
        if self.hosts.isEmpty, other.hosts.isEmpty { return "" }
        return self.hosts.first { other.hosts.contains($0) }?.description
    }
}
