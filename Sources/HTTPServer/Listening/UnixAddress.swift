public import Glibc

/// The address of a Unix socket.
public struct UnixAddress {
    private var address = sockaddr_un()
    private var size = socklen_t(MemoryLayout<sockaddr_un>.size)

    /// The maximum length of a path and of an abstract name, in bytes.
    static let longest = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Creates the address of a file. Returns nil if the path is too long.
    public init?(_ path: String) {
        guard path.utf8.count <= Self.longest else { return nil }
        self.address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &self.address.sun_path) { $0.copyBytes(from: path.utf8) }
    }

    /// Creates the address of an abstract name: a NUL and the name, with an explicit length (unix(7)). Returns nil if
    /// the name is too long.
    public init?(abstract name: String) {
        guard name.utf8.count <= Self.longest else { return nil }
        self.address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &self.address.sun_path) {
            UnsafeMutableRawBufferPointer(rebasing: $0[1...]).copyBytes(from: name.utf8)
        }
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        self.size = socklen_t(start + 1 + name.utf8.count)
    }

    /// Calls a system function that takes an address.
    public func with(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafePointer(to: self.address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, self.size) }
        }
    }
}
