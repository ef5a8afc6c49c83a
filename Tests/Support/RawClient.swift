import Foundation

/// A client on a plain socket that sends and reads raw bytes. `readMore` and its callers throw if the peer sends
/// nothing for a minute. Tests do not measure time with it.
public final class RawClient {
    public enum Failure: Error {
        case connect(Int32)
        case silent(soFar: String)
        case ended(soFar: String)
    }

    public private(set) var descriptor: Int32
    public private(set) var received: [UInt8] = []

    public init(port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let failed = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard failed == 0 else { throw Failure.connect(errno) }
    }

    /// Connects over IPv6.
    public init(portOf6 port: Int) throws {
        self.descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = in_port_t(port).bigEndian
        address.sin6_addr = in6addr_loopback
        let failed = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
        guard failed == 0 else { throw Failure.connect(errno) }
    }

    public init(path: String) throws {
        self.descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let failed = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard failed == 0 else { throw Failure.connect(errno) }
    }

    deinit { self.close() }

    public func close() {
        guard self.descriptor >= 0 else { return }
        Foundation.close(self.descriptor)
        self.descriptor = -1
    }

    /// Closes the connection with a reset (RST).
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        self.close()
    }

    /// Reads and discards bytes until the peer closes. Returns their number.
    public func skipToEnd() -> Int {
        var room = [UInt8](repeating: 0, count: 1 << 20)
        var count = 0
        while true {
            let part = recv(self.descriptor, &room, room.count, 0)
            guard part > 0 else { return count }
            count += part
        }
    }

    /// Reads and discards bytes until `byte` has occurred `most` times or the peer closes. Returns the number of
    /// occurrences.
    public func count(_ byte: UInt8, upTo most: Int) -> Int {
        var room = [UInt8](repeating: 0, count: 1 << 18)
        var seen = 0
        while seen < most {
            let part = recv(self.descriptor, &room, room.count, 0)
            guard part > 0 else { break }
            seen += room[..<part].count { $0 == byte }
        }
        return seen
    }

    /// Waits, without reading, until the connection is reset or closed in both directions. Returns false after
    /// `seconds`.
    public func waitForDisconnect(seconds: Int32) -> Bool {
        var wait = pollfd(fd: self.descriptor, events: 0, revents: 0)
        return poll(&wait, 1, seconds * 1000) > 0
    }

    /// Sends at most `most` bytes, until the peer refuses more. Returns the number of bytes sent.
    public func sendUntilClosed(_ most: Int) -> Int {
        let part = [UInt8](repeating: 0x78, count: 1 << 16)
        var count = 0
        while count < most {
            let taken = Foundation.send(self.descriptor, part, part.count, Int32(MSG_NOSIGNAL))
            guard taken > 0 else { break }
            count += taken
        }
        return count
    }

    /// Half-closes the connection.
    public func shutdownWrite() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    public func send(_ text: String) { self.send(Array(text.utf8)) }

    /// Sends all bytes, however slowly the peer reads. Returns early if the peer has disconnected.
    public func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits for the given time, then returns whether nothing has arrived. Sets the pace of slow clients.
    public func receivesNothing(milliseconds: Int32) throws -> Bool {
        var wait = pollfd(fd: -1, events: 0, revents: 0)
        poll(&wait, 1, milliseconds)
        wait = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) == 0
    }

    /// Reads once. Returns false if the peer has closed its side or reset the connection.
    public func readMore(most: Int = 256 * 1024) throws -> Bool {
        var wait = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, 60_000) > 0 else { throw Failure.silent(soFar: String(self.text.suffix(300))) }
        var part = [UInt8](repeating: 0, count: most)
        let count = recv(self.descriptor, &part, part.count, 0)
        guard count > 0 else { return false }
        self.received += part[..<count]
        return true
    }

    public var text: String { String(decoding: self.received, as: UTF8.self) }

    /// Reads until the peer closes, and returns everything received.
    public func readToEnd() throws -> String {
        while try self.readMore() {}
        return self.text
    }

    /// Removes bytes from the start of `received`.
    func forget(_ count: Int) { self.received.removeFirst(count) }

    /// Reads the next complete response and removes it from `received`.
    public func readResponse(isHead: Bool = false) throws -> Response {
        while true {
            if let (response, count) = Response.parse(self.received, isHead: isHead, atEnd: false) {
                self.received.removeFirst(count)
                return response
            }
            guard try self.readMore() else {
                guard let (response, count) = Response.parse(self.received, isHead: isHead, atEnd: true) else {
                    throw Failure.ended(soFar: String(self.text.suffix(300)))
                }
                self.received.removeFirst(count)
                return response
            }
        }
    }
}

/// A response as received.
public struct Response: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public var text: String { String(decoding: self.body, as: UTF8.self) }
    public func header(_ name: String) -> String? { self.headers.first { $0.name.lowercased() == name }?.value }

    /// Parses a response and returns it with its size in bytes; nil if it is incomplete. `atEnd`: no more bytes follow.
    static func parse(_ bytes: [UInt8], isHead: Bool, atEnd: Bool) -> (Response, Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: String(parts[0]), value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
        var response = Response(status: status, headers: headers, body: [])
        let start = end.upperBound
        if isHead || status == 204 || status == 304 || status < 200 { return (response, start) }
        if response.header("transfer-encoding") == "chunked" {
            var at = start
            while let line = bytes[at...].firstRange(of: Array("\r\n".utf8)) {
                guard let size = Int(String(decoding: bytes[at..<line.lowerBound], as: UTF8.self), radix: 16),
                    bytes.count >= line.upperBound + size + 2
                else { return nil }
                if size == 0 { return (response, line.upperBound + 2) }
                response.body += bytes[line.upperBound..<(line.upperBound + size)]
                at = line.upperBound + size + 2
            }
            return nil
        }
        if let length = response.header("content-length").flatMap(Int.init) {
            guard bytes.count - start >= length else { return nil }
            response.body = Array(bytes[start..<(start + length)])
            return (response, start + length)
        }
        guard atEnd else { return nil }
        response.body = Array(bytes[start...])
        return (response, bytes.count)
    }
}
