import Glibc
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Where to listen")
struct BindAddressTests {
    @Test("what an operator writes")
    func read() throws {
        func address(_ text: String) throws -> BindAddress { try BindAddress(text, port: 8000) }
        #expect(try address("127.0.0.1:9000") == .tcp(host: "127.0.0.1", port: 9000))
        #expect(try address("localhost") == .tcp(host: "localhost", port: 8000))
        #expect(try address(":9000") == .tcp(host: "::", port: 9000))
        #expect(try address("[::1]:0") == .tcp(host: "::1", port: 0))
        #expect(try address("[::]") == .tcp(host: "::", port: 8000))
        #expect(try address("[::]:80,ipv6only") == .tcp(host: "::", port: 80, onlyIPv6: true))
        #expect(try address("fd://3") == .descriptor(3))
        #expect(try address("unix:/run/a.sock") == .unix(path: "/run/a.sock"))
        var access = BindAddress.UnixAccess()
        access.mode = 0o660
        access.user = "www"
        access.group = "33"
        #expect(try address("unix:/a,mode=660,user=www,group=33") == .unix(path: "/a", access: access))
    }

    @Test(
        "what is none is refused, with what was found",
        arguments: [
            "unix:", "unix:,mode=660", "unix:/a,mode=999", "unix:/a,mode", "unix:/a,user=", "unix:/a,colour=red",
            "fd://",
            "fd://2", "fd://-1", "fd://3,x", "a:b", "a:65536", "a:-1", "::1", "::1:80", "[::1", "[::1]80", "[::1]:",
            "a:80,mode=660",
        ])
    func refuse(_ text: String) {
        #expect(throws: BindAddress.Malformed.self) { try BindAddress(text, port: 8000) }
    }

    @Test("a socket has the mode that is asked for, and a given one says where it listens")
    func listen() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        let unix = try Listener(try BindAddress("unix:\(path),mode=600", port: 0), backlog: 8)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let tcp = try Listener(.tcp(host: "127.0.0.1", port: 0), backlog: 8)
        let given = try Listener(.descriptor(tcp.descriptor), backlog: 8)
        #expect(given.address == tcp.address)
        #expect(try Listener(.descriptor(unix.descriptor), backlog: 8).address == .unix(path: path))
        // What somebody else has bound is not removed.
        Listener(given: dup(unix.descriptor), address: unix.address, backlog: 8).close()
        #expect(access(path, F_OK) == 0)
        unix.close()
        #expect(access(path, F_OK) != 0)
        #expect(throws: ListenerError.self) { try Listener(.descriptor(0), backlog: 8) }
        #expect(throws: ListenerError.self) {
            try Listener(try BindAddress("unix:\(path),user=nobody-at-all", port: 0), backlog: 8)
        }
    }

    @Test("both families, or one of them")
    func families() throws {
        let both = try Listener(.tcp(host: "::", port: 0), backlog: 8)
        guard case .tcp(_, let port, _) = both.address else { return }
        #expect(throws: Never.self) { try RawClient(port: port) }
        let one = try Listener(.tcp(host: "::", port: 0, onlyIPv6: true), backlog: 8)
        guard case .tcp(_, let other, _) = one.address else { return }
        #expect(throws: RawClient.Failure.self) { try RawClient(port: other) }
        both.close()
        one.close()
    }
}
