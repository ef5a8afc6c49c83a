import Testing

@testable import HTTPServer

@Suite("Trusted peers")
struct TrustedPeersTests {
    private func contains(_ list: String, _ client: String, port: Int32 = 4711) throws -> Bool {
        try TrustedPeers([list]).contains(Peer(client: client, clientPort: port, server: "", serverPort: 80))
    }

    @Test(
        "an address belongs to a network by its first bits; both forms of an IPv4 address are equal",
        arguments: [
            ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "192.0.2.1", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("192.0.2.128/25", "192.0.2.127", false),
            ("::1", "::1", true), ("::1", "127.0.0.1", false), ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
            ("::/0", "2001:db8::1", true), ("fe80::/10", "fe80::1%eth0", true), ("10.0.0.1,::1", "::1", true),
            (" 10.0.0.1 , ::1 ", "10.0.0.1", true), ("", "127.0.0.1", false), ("*", "192.0.2.1", true),
            ("unix", "127.0.0.1", false),
        ])
    func networks(_ list: String, _ client: String, _ isTrusted: Bool) throws {
        #expect(try self.contains(list, client) == isTrusted)
    }

    @Test("the client of a Unix socket has no address")
    func unix() throws {
        #expect(try self.contains("unix", "", port: -1))
        #expect(try self.contains("*", "", port: -1))
        #expect(try !self.contains("127.0.0.1", "", port: -1))
        #expect(TrustedPeers.local.contains(Peer(client: "", clientPort: -1, server: "/x", serverPort: -1)))
        #expect(TrustedPeers.local.contains(Peer(client: "127.8.8.8", clientPort: 1, server: "", serverPort: 1)))
        #expect(!TrustedPeers.local.contains(Peer(client: "192.0.2.1", clientPort: 1, server: "", serverPort: 1)))
    }

    @Test(
        "a text that is no address is refused, and the message says what to write",
        arguments: [
            (
                "localhost",
                "'localhost' is not an address or a network; write addresses, networks like 10.0.0.0/8, unix or *"
            ),
            ("10.0.0.0/33", "'10.0.0.0/33': '33' is not a prefix length from 0 to 32"),
            ("::1/129", "'::1/129': '129' is not a prefix length from 0 to 128"),
            ("10.0.0.0/", "'10.0.0.0/': '' is not a prefix length"), ("10.0.0.0/+8", "'+8' is not a prefix length"),
            ("10.1.2.3/8", "'10.1.2.3/8' has bits outside of its prefix; the network is 10.0.0.0/8"),
            ("2001:db8::1/32", "the network is 2001:db8::/32"), ("10.0.0", "'10.0.0' is not an address"),
            ("fe80::1%eth0", "is not an address"), ("/8", "'/8' is not an address"), ("[::1]", "is not an address"),
            ("010.0.0.1", "is not an address"), ("١.0.0.1", "is not an address"),
        ])
    func malformed(_ text: String, _ message: String) {
        let error = #expect(throws: TrustedPeers.Malformed.self) { try TrustedPeers([text]) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("networks of all addresses are like *")
    func all() throws {
        for text in ["*", "0.0.0.0/0", "::/0", "10.0.0.0/8,0.0.0.0/0"] { #expect(try TrustedPeers([text]).includesAll) }
        for text in ["", "unix", "10.0.0.0/8", "::/1", "::/96", "0.0.0.0/1"] {
            #expect(try !TrustedPeers([text]).includesAll, "\(text)")
        }
    }

    @Test("the description is parsed to the same peers")
    func description() throws {
        for text in ["127.0.0.0/8,::1,unix", "*", "10.0.0.1", "2001:db8::/32", ""] {
            #expect(try TrustedPeers([text]).description == text)
        }
        #expect(TrustedPeers.local.description == "127.0.0.0/8,::1,unix")
    }
}
