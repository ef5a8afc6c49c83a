import Testing

@testable import HTTPServer

/// The headers of the PROXY protocol, in the order of its specification.
@Suite("PROXY protocol")
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    /// The addresses and the size of a complete header; nil if it is malformed. Every part of it must be incomplete.
    private func read(_ header: [UInt8], rest: [UInt8] = Array("GET / ".utf8)) -> String? {
        for count in 0..<header.count {
            let part = header.prefix(count).withUnsafeBytes { ProxyHeader.read($0) }
            if part != .incomplete { return part.isMalformed ? nil : "complete after \(count) bytes" }
        }
        switch (header + rest).withUnsafeBytes({ ProxyHeader.read($0) }) {
        case .incomplete: return "incomplete"
        case .malformed: return nil
        case .complete(let found):
            guard found.size == header.count else { return "size \(found.size)" }
            guard let addresses = found.addresses else { return "none" }
            return "\(addresses.client.text) \(addresses.clientPort) \(addresses.server.text) \(addresses.serverPort)"
        }
    }

    @Test(
        "version 1 (§2.1)",
        arguments: [
            ("PROXY TCP4 192.0.2.1 192.0.2.2 4711 443", "192.0.2.1 4711 192.0.2.2 443"),
            ("PROXY TCP6 2001:db8::1 ::1 1 65535", "2001:db8::1 1 ::1 65535"), ("PROXY UNKNOWN", "none"),
            ("PROXY UNKNOWN anything at all", "none"),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 0 0", "192.0.2.1 0 192.0.2.2 0"),
        ])
    func text(_ line: String, _ addresses: String) { #expect(self.read(Array("\(line)\r\n".utf8)) == addresses) }

    @Test(
        "a malformed header of version 1 is refused",
        arguments: [
            "PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443 1\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 4711 443\r\n", "PROXY TCP4 ::1 ::1 1 1\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 65536 1\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 01 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 -1 1\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 1\n", "PROXY \r\n",
            "PROXY\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 1\r\n", "PROXY tcp4 192.0.2.1 192.0.2.2 1 1\r\n", "proxy UNKNOWN\r\n",
            "GET / HTTP/1.1\r\n", "\u{16}\u{3}\u{1}", "PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n",
            "PROXY UNKNOWN " + String(repeating: "x", count: 100),
        ])
    func malformedText(_ text: String) { #expect(self.read(Array(text.utf8)) == nil) }

    @Test("the longest header of version 1 has 107 bytes")
    func longestText() {
        #expect(self.read(Array(("PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n").utf8)) == "none")
        #expect(self.read(Array(("PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n").utf8)) == nil)
    }

    private func binary(_ command: UInt8, _ family: UInt8, _ payload: [UInt8]) -> [UInt8] {
        Self.signature + [command, family, UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
    }

    private static let four: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 1, 187]
    private static let six: [UInt8] =
        [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] + Array(repeating: 0, count: 15) + [1, 0, 1, 255, 255]

    @Test("version 2 (§2.2): TCP over IPv4 and IPv6, extensions are skipped")
    func binary() {
        #expect(self.read(self.binary(0x21, 0x11, Self.four)) == "192.0.2.1 4711 192.0.2.2 443")
        #expect(self.read(self.binary(0x21, 0x21, Self.six)) == "2001:db8::1 1 ::1 65535")
        #expect(self.read(self.binary(0x21, 0x11, Self.four + [4, 0, 2, 1, 2])) == "192.0.2.1 4711 192.0.2.2 443")
    }

    @Test("version 2: LOCAL, UNSPEC and Unix sockets state no address")
    func local() {
        for header in [
            (0x20, 0x00, []), (0x20, 0x11, Self.four), (0x21, 0x00, [1, 2, 3]),
            (0x21, 0x31, [UInt8](repeating: 1, count: 216)),
        ]
            as [(UInt8, UInt8, [UInt8])]
        {
            #expect(self.read(self.binary(header.0, header.1, header.2)) == "none")
        }
    }

    @Test("version 2: an unknown version, command or family, a short or a long header is refused")
    func malformedBinary() {
        for (command, family, payload) in [
            (0x11, 0x11, Self.four), (0x31, 0x11, Self.four), (0x22, 0x11, Self.four), (0x21, 0x12, Self.four),
            (0x21, 0x41, Self.four), (0x21, 0x11, Array(Self.four.dropLast())), (0x21, 0x21, Self.four),
            (0x21, 0x11, [UInt8](repeating: 0, count: 521)),
        ] as [(UInt8, UInt8, [UInt8])] {
            #expect(self.read(self.binary(command, family, payload)) == nil, "\(command) \(family) \(payload.count)")
        }
        #expect(self.read(self.binary(0x21, 0x11, [UInt8](repeating: 9, count: 520))) == "9.9.9.9 2313 9.9.9.9 2313")
    }
}

extension ProxyHeader.Outcome {
    fileprivate var isMalformed: Bool { if case .malformed = self { true } else { false } }
}
