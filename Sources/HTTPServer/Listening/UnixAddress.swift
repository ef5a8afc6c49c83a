public import Glibc

/// The address of a Unix socket.
public struct UnixAddress {
    private var address = sockaddr_un()

    /// Bytes that a path may have.
    static let longest = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Nil: the path is too long.
    public init?(_ path: String) {
        guard path.utf8.count <= Self.longest else { return nil }
        self.address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &self.address.sun_path) { $0.copyBytes(from: path.utf8) }
    }

    /// Runs a call of the system's that takes one.
    public func with(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafePointer(to: self.address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
