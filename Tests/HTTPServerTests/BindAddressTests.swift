import Testing

@testable import HTTPServer

@Suite("Bind addresses")
struct BindAddressTests {
    @Test("every form of a bind address is parsed")
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
        #expect(try address("unix:@a") == .unix(path: "@a"))
        #expect(try ["::1", "[::1]", "localhost"].map(BindAddress.host) == ["::1", "::1", "localhost"])
    }

    @Test("a URL instead of an address is refused with a hint", arguments: ["http://127.0.0.1:8000", "https://[::1]"])
    func url(_ text: String) throws {
        let scheme = text.prefix { $0 != "/" } + "//"
        for read in [{ _ = try BindAddress(text, port: 8000) }, { _ = try BindAddress.host(text) }] {
            let error = #expect(throws: BindAddress.Malformed.self) { try read() }
            #expect(error?.description == "'\(text)' is a URL, not an address; remove '\(scheme)'")
        }
    }

    @Test(
        "an invalid address is refused",
        arguments: [
            "unix:", "unix:,mode=660", "unix:/a,mode=999", "unix:/a,mode", "unix:/a,user=", "unix:/a,colour=red",
            "fd://",
            "fd://2", "fd://-1", "fd://3,x", "a:b", "a:65536", "a:-1", "::1", "::1:80", "[::1", "[::1]80", "[::1]:",
            "a:80,mode=660", "unix:@", "unix:@a,mode=600", "unix:@a,user=www",
        ])
    func refuse(_ text: String) {
        #expect(throws: BindAddress.Malformed.self) { try BindAddress(text, port: 8000) }
    }
}

@Suite("Listen addresses")
struct ListenAddressTests {
    @Test("options for proxies may follow any address")
    func read() throws {
        func address(_ text: String) throws -> ListenAddress { try ListenAddress(text, port: 8000) }
        let plain = try address("127.0.0.1:9000")
        #expect(plain == .tcp(host: "127.0.0.1", port: 9000) && !plain.proxies.requiresProxyHeader)
        let required = try address("[::]:80,proxy=required,ipv6only")
        #expect(required.bind == .tcp(host: "::", port: 80, onlyIPv6: true) && required.proxies.requiresProxyHeader)
        let unix = try address("unix:/a,mode=660,forwarded=none")
        #expect(!unix.proxies.evaluatesForwarding && !unix.proxies.requiresProxyHeader)
        for text in ["a:80,proxy=on", "a:80,forwarded=all", "a:80,proxy", "unix:@a,proxy="] {
            #expect(throws: BindAddress.Malformed.self, "\(text)") { try address(text) }
        }
    }
}
