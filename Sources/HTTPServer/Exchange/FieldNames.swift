import Glibc

/// Well-known names of header fields. Each has one address for the life of the process, in every request header: a
/// module can recognize a name by its address, without reading it.
///
/// The bytes of all names are one block of memory.
package enum FieldNames {
    /// The names, in the order of their addresses.
    // SAFETY: constant once made.
    package nonisolated(unsafe) static let all: UnsafeBufferPointer<Octets> = {
        let words = Self.words.split(whereSeparator: \.isWhitespace)
        let block = UnsafeMutablePointer<UInt8>.allocate(capacity: words.reduce(0) { $0 + $1.utf8.count })
        let names = UnsafeMutableBufferPointer<Octets>.allocate(capacity: words.count)
        var at = block
        for (number, word) in words.enumerated() {
            let bytes = Array(word.utf8)
            at.initialize(from: bytes, count: bytes.count)
            names.initializeElement(at: number, to: Octets(at, bytes.count))
            at += bytes.count
        }
        return UnsafeBufferPointer(names)
    }()

    /// The address of the first name with which proxies describe a client. All names after it are of this kind.
    // SAFETY: constant once made.
    private nonisolated(unsafe) static let firstOfProxies = Self.all.first { $0.equals("forwarded") }!.data!

    /// Whether proxies use the name to describe a client, or it has an underscore, with which it can pose as such a
    /// name. `shared`: what `shared(name)` returned.
    @inline(__always)
    static func isOfProxy(_ name: Octets, shared: Octets) -> Bool {
        guard shared.data == name.data else { return shared.data! >= self.firstOfProxies }
        guard name.size > 0 else { return false }
        return memchr(name.data!, CInt(UInt8(ascii: "_")), name.size) != nil
            || (name.size >= 12 && memcmp(name.data!, "x-forwarded-", 12) == 0)
    }

    /// Those of RFC 9110, 9111, 6265, 6455 and the Fetch standard that clients and proxies send.
    private static let words = """
        accept accept-charset accept-encoding accept-language access-control-request-headers
        access-control-request-method authorization cache-control connection content-encoding content-language
        content-length content-type cookie date dnt expect from host if-match if-modified-since
        if-none-match if-range if-unmodified-since keep-alive last-event-id origin pragma priority
        proxy-authorization proxy-connection range referer sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform
        sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-websocket-extensions sec-websocket-key
        sec-websocket-protocol sec-websocket-version te trailer transfer-encoding traceparent tracestate upgrade
        upgrade-insecure-requests user-agent via x-api-key x-csrftoken x-request-id x-requested-with
        forwarded x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-proto x-real-ip
        """

    /// A hash table of the names with open addressing; empty entries have the size 0.
    // SAFETY: constant once made.
    private nonisolated(unsafe) static let table: UnsafeMutablePointer<Octets> = {
        let table = UnsafeMutablePointer<Octets>.allocate(capacity: Self.capacity)
        table.initialize(repeating: .empty, count: Self.capacity)
        for name in Self.all {
            var slot = Self.slot(name)
            while table[slot].size > 0 { slot = (slot + 1) & (Self.capacity - 1) }
            table[slot] = name
        }
        return table
    }()

    private static let capacity = 256

    /// Of the size, and of the first, the middle and the last byte.
    @inline(__always)
    private static func slot(_ name: Octets) -> Int {
        guard let data = name.data, name.size > 0 else { return 0 }
        let first = UInt32(UInt8(bitPattern: data[0]))
        let middle = UInt32(UInt8(bitPattern: data[name.size >> 1]))
        let last = UInt32(UInt8(bitPattern: data[name.size - 1]))
        let key = UInt32(truncatingIfNeeded: name.size) | first << 8 | middle << 16 | last << 24
        return Int((key &* 0x9e37_79b1) >> 24)
    }

    /// Returns the same name at its own address if it is well known, else the name itself. `name` must be in lower
    /// case.
    @inline(__always)
    static func shared(_ name: Octets) -> Octets {
        var slot = self.slot(name)
        while true {
            let known = self.table[slot]
            if known.size == 0 { return name }
            if known.size == name.size, memcmp(known.data!, name.data!, name.size) == 0 { return known }
            slot = (slot + 1) & (self.capacity - 1)
        }
    }
}
