import Glibc

/// A header of the PROXY protocol, version 1 or 2 (HAProxy's proxy-protocol.txt): the addresses of the connection that
/// a proxy passes on. A value without I/O.
struct ProxyHeader: Equatable {
    /// Client and server; nil if the proxy does not know them (UNKNOWN), or speaks for itself.
    var addresses: Addresses?
    /// Whether the proxy speaks for itself (LOCAL): no client is behind it.
    var isLocal = false
    /// The size of the header, in bytes.
    var size: Int

    struct Addresses: Equatable {
        var client: IPAddress
        var clientPort: Int32
        var server: IPAddress
        var serverPort: Int32
    }

    enum Outcome: Equatable {
        case incomplete
        case complete(ProxyHeader)
        case malformed(Fault)
    }

    /// Why the bytes are not a header; for the log.
    enum Fault {
        case noHeader, tooLong, malformed, unsupported

        var reason: StaticString {
            switch self {
            case .noHeader: "no PROXY protocol header"
            case .tooLong: "PROXY protocol header too long"
            case .malformed: "malformed PROXY protocol header"
            case .unsupported: "unsupported version, command or protocol in the PROXY protocol header"
            }
        }
    }

    /// The longest header of version 1 (proxy-protocol.txt §2.1), and the longest of version 2 that is accepted: with
    /// the addresses of a Unix socket, and some extensions.
    static let longestText = 107
    static let longestBinary = 536

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    private static let text: [UInt8] = Array("PROXY ".utf8)

    /// Reads the header at the start of all bytes that have arrived.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        if Self.matches(bytes, Self.signature) { return Self.readBinary(bytes) }
        if Self.matches(bytes, Self.text) { return Self.readText(bytes) }
        return .malformed(.noHeader)
    }

    /// Whether the bytes begin with the pattern, as far as both go.
    private static func matches(_ bytes: UnsafeRawBufferPointer, _ pattern: [UInt8]) -> Bool {
        zip(bytes, pattern).allSatisfy { $0 == $1 }
    }

    // MARK: Version 1

    /// `PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n`.
    private static func readText(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let window = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.longestText))
        guard let end = window.firstIndex(of: ASCII.newline) else {
            return bytes.count < Self.longestText ? .incomplete : .malformed(.tooLong)
        }
        guard end > Self.text.count, window[end - 1] == ASCII.carriageReturn else { return .malformed(.malformed) }
        let line = UnsafeRawBufferPointer(rebasing: window[Self.text.count..<(end - 1)])
        let words = line.split(separator: ASCII.space, maxSplits: 5, omittingEmptySubsequences: false).map {
            Octets(UnsafeRawBufferPointer(rebasing: $0))
        }
        // The rest of an UNKNOWN line is to be ignored.
        if words[0].equals("UNKNOWN") { return .complete(ProxyHeader(addresses: nil, size: end + 1)) }
        let isIPv4 = words[0].equals("TCP4")
        guard isIPv4 || words[0].equals("TCP6"), words.count == 5, let client = Self.address(words[1], isIPv4),
            let server = Self.address(words[2], isIPv4), let clientPort = Self.port(words[3]),
            let serverPort = Self.port(words[4])
        else { return .malformed(.malformed) }
        let addresses = Addresses(client: client, clientPort: clientPort, server: server, serverPort: serverPort)
        return .complete(ProxyHeader(addresses: addresses, size: end + 1))
    }

    private static func address(_ text: Octets, _ isIPv4: Bool) -> IPAddress? {
        let isText4 = !text.bytes.contains(UInt8(ascii: ":"))
        guard isText4 == isIPv4, !text.bytes.contains(UInt8(ascii: "%")) else { return nil }
        return IPAddress(text)
    }

    /// Without leading zeros.
    private static func port(_ digits: Octets) -> Int32? {
        guard digits.size > 0, digits.size == 1 || digits.bytes[0] != UInt8(ascii: "0") else { return nil }
        return ForwardedNode.port(digits)
    }

    // MARK: Version 2

    private static func readBinary(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard bytes.count >= 16 else { return .incomplete }
        let (command, family) = (bytes[12], bytes[13])
        let size = 16 + Int(Self.number(bytes, 14))
        guard size <= Self.longestBinary else { return .malformed(.tooLong) }
        guard command >> 4 == 2, command & 15 <= 1 else { return .malformed(.unsupported) }
        guard bytes.count >= size else { return .incomplete }
        // LOCAL: a health check of the proxy. Its family and addresses are to be ignored.
        guard command & 15 == 1 else { return .complete(ProxyHeader(addresses: nil, isLocal: true, size: size)) }
        // The extensions after the addresses (TLVs) are skipped.
        switch family {
        case 0x11:
            guard size >= 28 else { return .malformed(.malformed) }
            let addresses = Addresses(
                client: IPAddress(ipv4: Self.long(bytes, 16)), clientPort: Int32(Self.number(bytes, 24)),
                server: IPAddress(ipv4: Self.long(bytes, 20)), serverPort: Int32(Self.number(bytes, 26)))
            return .complete(ProxyHeader(addresses: addresses, size: size))
        case 0x21:
            guard size >= 52 else { return .malformed(.malformed) }
            let addresses = Addresses(
                client: Self.address6(bytes, 16), clientPort: Int32(Self.number(bytes, 48)),
                server: Self.address6(bytes, 32), serverPort: Int32(Self.number(bytes, 50)))
            return .complete(ProxyHeader(addresses: addresses, size: size))
        // UNSPEC, and the stream sockets of a machine, which have no address.
        case 0x00, 0x31: return .complete(ProxyHeader(addresses: nil, size: size))
        default: return .malformed(.unsupported)
        }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt16 {
        UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self))
    }

    private static func long(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    private static func address6(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> IPAddress {
        IPAddress(
            high: UInt64(Self.long(bytes, at)) << 32 | UInt64(Self.long(bytes, at + 4)),
            low: UInt64(Self.long(bytes, at + 8)) << 32 | UInt64(Self.long(bytes, at + 12)))
    }
}
