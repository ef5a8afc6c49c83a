import Glibc

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) equals the IPv4 address that it contains.
struct IPAddress: Sendable, Hashable {
    /// The 128 bits of the IPv6 form, in host byte order.
    let high: UInt64
    let low: UInt64

    private static let mapped: UInt64 = 0xffff_0000_0000

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(ipv4 address: UInt32) { self.init(high: 0, low: Self.mapped | UInt64(address)) }

    /// The longest text of an address, in bytes (`INET6_ADDRSTRLEN`, without the NUL).
    private static let longest = 45

    /// Parses the text of an address, without brackets; nil if it is none. The zone of a link-local address is ignored.
    init?(_ text: Octets) {
        let bytes = text.bytes
        let count = bytes.firstIndex(of: UInt8(ascii: "%")) ?? bytes.count
        guard 1...Self.longest ~= count else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        let isAddress = withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { copy in
            memcpy(copy.baseAddress!, bytes.baseAddress!, count)
            copy[count] = 0
            var four: UInt32 = 0
            if inet_pton(AF_INET, copy.baseAddress!, &four) == 1 {
                low = Self.mapped | UInt64(UInt32(bigEndian: four))
                return true
            }
            var six: (UInt64, UInt64) = (0, 0)
            guard inet_pton(AF_INET6, copy.baseAddress!, &six) == 1 else { return false }
            (high, low) = (UInt64(bigEndian: six.0), UInt64(bigEndian: six.1))
            return true
        }
        guard isAddress else { return nil }
        self.init(high: high, low: low)
    }

    var isIPv4: Bool { self.high == 0 && self.low >> 32 == Self.mapped >> 32 }

    /// The canonical text: of an IPv4 address four decimal numbers, of an IPv6 address that of RFC 5952.
    var text: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.longest + 1) { text in
            if self.isIPv4 {
                var four = UInt32(truncatingIfNeeded: self.low).bigEndian
                inet_ntop(AF_INET, &four, text.baseAddress!, socklen_t(text.count))
            } else {
                var six = (self.high.bigEndian, self.low.bigEndian)
                inet_ntop(AF_INET6, &six, text.baseAddress!, socklen_t(text.count))
            }
            return String(cString: text.baseAddress!)
        }
    }
}
