import Glibc
import TestSupport
import Testing

@testable import HTTPServer

/// Tests of bound sockets: permissions, removal of socket files, and addresses of a host name.
@Suite("Listeners")
struct ListenerTests {
    let folder: TemporaryFolder
    private var path: String { "\(self.folder.path)/s" }

    init() throws { self.folder = try TemporaryFolder() }

    private func listen(_ text: String) throws -> [Listener] {
        try Listener.all(for: ListenAddress(text, port: 0), backlog: 8)
    }

    private func port(_ listener: Listener) throws -> Int {
        guard case .tcp(_, let port, _) = listener.address else { throw RawClient.Failure.connect(0) }
        return port
    }

    private func inode(_ path: String) -> ino_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_ino : nil
    }

    /// Binds a socket as another process would.
    private func bind(_ kind: __socket_type, to path: String) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(kind.rawValue), 0)
        #expect(UnixAddress(path)?.with { Glibc.bind(descriptor, $0, $1) } == 0)
        return descriptor
    }

    @Test("a Unix socket has the requested mode, and an inherited socket reports its address")
    func mode() throws {
        let unix = try self.listen("unix:\(self.path),mode=600")[0]
        var status = stat()
        #expect(stat(self.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let tcp = try self.listen("127.0.0.1:0")[0]
        #expect(try Listener.all(for: .descriptor(tcp.descriptor), backlog: 8)[0].address == tcp.address)
        #expect(
            try Listener.all(for: .descriptor(unix.descriptor), backlog: 8)[0].address == .unix(path: self.path))
        // The file of a socket that another process has bound is not removed.
        Listener(given: dup(unix.descriptor), address: unix.address, backlog: 8).close()
        #expect(self.inode(self.path) != nil)
        unix.close()
        #expect(self.inode(self.path) == nil)
        #expect(throws: ListenerError.self) { try Listener.all(for: .descriptor(0), backlog: 8) }
        tcp.close()
    }

    @Test("a failed listener leaves no file")
    func failed() throws {
        for options in ["user=nobody-at-all", "group=nobody-at-all"] {
            #expect(throws: ListenerError.self) { try self.listen("unix:\(self.path),\(options)") }
            #expect(self.inode(self.path) == nil)
        }
    }

    @Test("a listener does not remove a socket file that has replaced its own")
    func replaced() throws {
        let old = try self.listen("unix:\(self.path)")[0]
        #expect(unlink(self.path) == 0)
        let new = try self.listen("unix:\(self.path)")[0]
        let inode = self.inode(self.path)
        old.close()
        #expect(inode != nil && self.inode(self.path) == inode)
        new.close()
        #expect(self.inode(self.path) == nil)
    }

    @Test(
        "a live socket of any type is not replaced, even before it listens",
        arguments: [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET])
    func live(kind: __socket_type) throws {
        let other = self.bind(kind, to: self.path)
        let inode = self.inode(self.path)
        #expect { try self.listen("unix:\(self.path)") } throws: { ($0 as? ListenerError)?.code == .inUse }
        #expect(self.inode(self.path) == inode)
        // Now the socket file is stale, like that of a killed server, and is replaced.
        close(other)
        let listener = try self.listen("unix:\(self.path)")[0]
        #expect(throws: Never.self) { try RawClient(path: self.path) }
        listener.close()
    }

    @Test("a path that is not a socket is not replaced")
    func notASocket() throws {
        try self.folder.write("s", "text")
        #expect { try self.listen("unix:\(self.path)") } throws: { ($0 as? ListenerError)?.code == .notASocket }
        #expect(unlink(self.path) == 0 && symlink("/nowhere", self.path) == 0)
        #expect { try self.listen("unix:\(self.path)") } throws: { ($0 as? ListenerError)?.code == .notASocket }
        #expect(self.inode(self.path) != nil)
    }

    @Test("the ids that mean 'unchanged' to chown are refused", arguments: ["user", "group"])
    func unchangedId(key: String) throws {
        let error = #expect(throws: ListenerError.self) { try self.listen("unix:\(self.path),\(key)=4294967295") }
        #expect(error?.code == .noSuchUser)
        #expect(error.map { "\($0)" }?.contains("this machine has no \(key) '4294967295'") == true)
        #expect(self.inode(self.path) == nil)
    }

    @Test("an abstract socket has a name and no file")
    func abstract() throws {
        let name = "@roost-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let listener = try self.listen("unix:\(name)")[0]
        #expect(listener.file == nil && listener.address == .unix(path: name))
        #expect(try InheritedSocket.address(of: listener.descriptor) == .unix(path: name))
        #expect { try self.listen("unix:\(name)") } throws: { ($0 as? ListenerError)?.code == .inUse }
        #expect(self.inode(name) == nil)
        let client = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        #expect(UnixAddress(abstract: String(name.dropFirst()))?.with { connect(client, $0, $1) } == 0)
        close(client)
        listener.close()
        try self.listen("unix:\(name)")[0].close()
        #expect(UnixAddress(abstract: String(repeating: "x", count: UnixAddress.longest)) != nil)
        #expect(UnixAddress(abstract: String(repeating: "x", count: UnixAddress.longest + 1)) == nil)
    }

    @Test("a listener on :: accepts both families, or only IPv6")
    func families() throws {
        let both = try self.listen("[::]:0")[0]
        let port = try self.port(both)
        #expect(throws: Never.self) { try RawClient(port: port) }
        #expect(self.isForIPv6Only(both) == false)
        // Not tested with an IPv4 client: another process may listen on the same port.
        let one = try self.listen("[::]:0,ipv6only")[0]
        #expect(self.isForIPv6Only(one) == true)
        both.close()
        one.close()
    }

    private func isForIPv6Only(_ listener: Listener) -> Bool? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        let result = getsockopt(listener.descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &value, &size)
        return result == 0 ? value != 0 : nil
    }

    @Test("a listener binds each address of a host name once, on one port, and skips unavailable addresses")
    func addresses() throws {
        func bound(_ addresses: [String], port: Int = 0) throws -> [TCPListening.Bound] {
            try TCPListening.bind(
                try addresses.flatMap { try TCPListening.resolve($0, .tcp(host: $0, port: 0)) }, for: "a", port,
                onlyIPv6: false, backlog: 8)
        }
        // 192.0.2.1 is reserved for documentation (RFC 5737).
        let both = try bound(["127.0.0.1", "192.0.2.1", "::1", "127.0.0.1"])
        let ports = both.compactMap { bound -> Int? in
            if case .tcp(_, let port, _) = bound.address { port } else { nil }
        }
        #expect(
            both.map { $0.address } == [.tcp(host: "127.0.0.1", port: ports[0]), .tcp(host: "::1", port: ports[0])])
        #expect(throws: Never.self) { try RawClient(port: ports[0]) }
        #expect(throws: Never.self) { try RawClient(portOf6: ports[0]) }
        // If one address is in use, none is bound.
        close(both[0].descriptor)
        #expect { try bound(["127.0.0.1", "::1"], port: ports[0]) } throws: { ($0 as? ListenerError)?.code == .inUse }
        #expect(throws: RawClient.Failure.self) { try RawClient(port: ports[0]) }
        close(both[1].descriptor)
        // A single bound address is reported with the requested host name.
        let one = try bound(["192.0.2.1", "::1"])
        #expect(one.map { "\($0.address)" }.allSatisfy { $0.hasPrefix("a:") } && one.count == 1)
        for bound in one { close(bound.descriptor) }
        #expect { try bound(["192.0.2.1"]) } throws: { ($0 as? ListenerError)?.code == .addressNotAvailable }
    }
}
