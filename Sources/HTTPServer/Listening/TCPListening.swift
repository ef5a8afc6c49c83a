import Glibc

/// Binds TCP sockets: one for each address of a host name.
enum TCPListening {
    typealias Bound = (descriptor: CInt, address: BindAddress)

    /// A resolved address of a host name.
    struct Resolved: Hashable {
        let family: CInt
        let bytes: [UInt8]

        /// Calls a system function that takes an address, with this port.
        func with(port: Int, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
            var bytes = self.bytes
            // The port has the same offset in the addresses of both families, in network byte order.
            bytes[2] = UInt8(port >> 8 & 0xff)
            bytes[3] = UInt8(port & 0xff)
            return bytes.withUnsafeBytes { raw in
                call(raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            }
        }
    }

    /// The maximum number of attempts to find a port that is free on all addresses of a name.
    private static let maxTries = 32

    /// Listens on all addresses of a host name, with one port. Addresses that this machine does not have are skipped if
    /// at least one other works. Throws `ListenerError`.
    static func bind(_ host: String, _ port: Int, onlyIPv6: Bool, backlog: Int) throws -> [Bound] {
        let wanted = BindAddress.tcp(host: host, port: port, onlyIPv6: onlyIPv6)
        let addresses = try Self.resolve(host, wanted)
        return try Self.bind(addresses, for: host, port, onlyIPv6: onlyIPv6, backlog: backlog)
    }

    /// Listens on resolved addresses. `host`: the host name that a single listener reports.
    static func bind(
        _ addresses: [Resolved], for host: String, _ port: Int, onlyIPv6: Bool, backlog: Int
    ) throws -> [Bound] {
        var seen: Set<Resolved> = []
        // A name can resolve to the same address twice (`/etc/hosts`).
        let addresses = addresses.filter { seen.insert($0).inserted }
        let wanted = BindAddress.tcp(host: host, port: port, onlyIPv6: onlyIPv6)
        var tries = 0
        while true {
            tries += 1
            do {
                return try Self.bindAll(addresses, wanted, host, port, onlyIPv6, backlog)
            } catch let error as ListenerError where error.code == .inUse && port == 0 && tries < Self.maxTries {
                // The kernel chose a port that is taken on another address: try another port.
                continue
            }
        }
    }

    static func resolve(_ host: String, _ wanted: BindAddress) throws -> [Resolved] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &found)
        guard code == 0 else {
            throw ListenerError(code: .noSuchHost, address: wanted, cause: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(found) }
        var addresses: [Resolved] = []
        var next = found
        while let one = next?.pointee {
            next = one.ai_next
            guard let address = one.ai_addr, [AF_INET, AF_INET6].contains(one.ai_family) else { continue }
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(one.ai_addrlen))
            addresses.append(Resolved(family: one.ai_family, bytes: Array(bytes)))
        }
        guard !addresses.isEmpty else {
            throw ListenerError(code: .noSuchHost, address: wanted, cause: "it has no IP address")
        }
        return addresses
    }

    private static func bindAll(
        _ addresses: [Resolved], _ wanted: BindAddress, _ host: String, _ port: Int, _ onlyIPv6: Bool, _ backlog: Int
    ) throws -> [Bound] {
        var bound: [CInt] = []
        var port = port
        var missing: ListenerError?
        do {
            for address in addresses {
                do {
                    let descriptor = try Self.listen(
                        address, wanted, port, onlyIPv6: onlyIPv6 || addresses.count > 1, backlog)
                    bound.append(descriptor)
                    if port == 0 { port = try Self.address(of: descriptor).port }
                } catch let error as ListenerError where error.code == .addressNotAvailable {
                    missing = missing ?? error
                }
            }
            if let missing, bound.isEmpty { throw missing }
            guard bound.count > 1 else {
                return bound.map { ($0, .tcp(host: host, port: port, onlyIPv6: onlyIPv6)) }
            }
            return try bound.map { ($0, .tcp(host: try Self.address(of: $0).host, port: port)) }
        } catch {
            for descriptor in bound { Glibc.close(descriptor) }
            throw error
        }
    }

    private static func listen(
        _ address: Resolved, _ wanted: BindAddress, _ port: Int, onlyIPv6: Bool, _ backlog: Int
    ) throws -> CInt {
        let descriptor = socket(address.family, Listener.stream, 0)
        guard descriptor >= 0 else { throw ListenerError(errno, wanted) }
        var on: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        // Small responses must not wait for an acknowledgement. Accepted sockets inherit the option.
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, size)
        if address.family == AF_INET6 {
            // Set explicitly, since the default depends on the system. With several addresses, each family has its own
            // socket.
            var only: CInt = onlyIPv6 ? 1 : 0
            setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &only, size)
        }
        guard address.with(port: port, { Glibc.bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, CInt(clamping: backlog)) == 0
        else {
            let error = ListenerError(errno, wanted)
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func address(of descriptor: CInt) throws -> (host: String, port: Int) {
        guard case .tcp(let host, let port, _) = try InheritedSocket.address(of: descriptor) else { return ("", 0) }
        return (host, port)
    }
}
