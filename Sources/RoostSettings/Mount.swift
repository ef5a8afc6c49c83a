/// Where an application answers: a path prefix, on the hosts that it names or on all hosts.
public struct Mount: Sendable, Hashable, CustomStringConvertible {
    /// The decoded path, "" or "/wiki": ASGI's `root_path`.
    public let path: String
    /// Empty for every host.
    public let hosts: [HostPattern]

    /// All paths of all hosts.
    public static let root = Mount()

    private init() {
        self.path = ""
        self.hosts = []
    }

    /// `path`: "/" or "/wiki"; a trailing slash is ignored. Throws `MountFault`.
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

    /// Maximum size of a mount's path, in bytes; no more of a request's path is compared.
    package static let longest = 1024

    /// For example `/wiki`, `wiki.example.org/`, `{a.example.org, b.example.org}/wiki`.
    public var description: String {
        let path = self.path.isEmpty ? "/" : self.path
        switch self.hosts.count {
        case 0: return path
        case 1: return "\(self.hosts[0])\(path)"
        default: return "{\(self.hosts.map(\.description).joined(separator: ", "))}\(path)"
        }
    }

    /// The host for which both mounts answer the same requests ("" for every host); nil if there is none.
    package func conflict(with other: Mount) -> String? {
        guard self.path == other.path else { return nil }
        if self.hosts.isEmpty, other.hosts.isEmpty { return "" }
        return self.hosts.first { other.hosts.contains($0) }?.description
    }
}
