/// A range of IP addresses with a common prefix (CIDR, RFC 4632): `10.0.0.0/8`, `fd00::/8`, or a single address.
struct Network: Sendable, Hashable, CustomStringConvertible {
    private let address: IPAddress
    /// The number of bits that all addresses of the network share, of the 128 of the IPv6 form.
    private let length: Int

    private init(_ address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    /// `127.0.0.0/8` and `::1`.
    static let loopback = [
        Network(IPAddress(high: 0, low: 0xffff_7f00_0000), length: 104),
        Network(IPAddress(high: 0, low: 1), length: 128),
    ]

    /// Parses the text of a network or an address. Throws `Malformed`.
    init(_ text: String) throws(Malformed) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let parsed = Array(parts[0].utf8).withUnsafeBytes { parts[0].contains("%") ? nil : IPAddress(Octets($0)) }
        guard let address = parsed else { throw Malformed(description: "'\(text)' is not an address or a network") }
        self.address = address
        let most = address.isIPv4 ? 32 : 128
        guard parts.count == 2 else {
            self.length = 128
            return
        }
        guard let bits = Int(parts[1]), 0...most ~= bits, !parts[1].hasPrefix("+") else {
            throw Malformed(description: "'\(text)': '\(parts[1])' is not a prefix length from 0 to \(most)")
        }
        self.length = bits + 128 - most
        let start = Self.prefix(of: address, self.length)
        guard start == address else {
            throw Malformed(
                description: "'\(text)' has bits outside of its prefix; the network is \(start.text)/\(bits)")
        }
    }

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether it contains every IPv4 address, or every address.
    var containsAll: Bool { self.length == 0 || (self.length == 96 && self.address.isIPv4) }

    func contains(_ other: IPAddress) -> Bool { Self.prefix(of: other, self.length) == self.address }

    /// The address with all bits after the first `length` cleared.
    private static func prefix(of address: IPAddress, _ length: Int) -> IPAddress {
        // A shift by 64 or more gives 0.
        IPAddress(
            high: address.high & ~(UInt64.max >> UInt64(min(length, 64))),
            low: address.low & ~(UInt64.max >> UInt64(max(length - 64, 0))))
    }

    /// The form that `init` accepts.
    var description: String {
        let bits = self.length - (self.address.isIPv4 ? 96 : 0)
        return self.length == 128 ? self.address.text : "\(self.address.text)/\(bits)"
    }
}
