import Glibc

/// A client connection to the module under test. Blocking, with a read timeout of ten seconds.
final class ConformanceClient {
    private struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    static let handshake = """
        GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """

    private let port: Int
    private var descriptor: CInt
    private var received: [UInt8] = []

    init(port: Int) throws {
        self.port = port
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let failed = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) != 0
            }
        }
        guard !failed else { throw Fault(description: "cannot connect: \(String(cString: strerror(errno)))") }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { self.close() }

    /// Opens another connection to the module.
    func another() throws -> ConformanceClient { try ConformanceClient(port: self.port) }

    private func close() {
        if self.descriptor >= 0 { Glibc.close(self.descriptor) }
        self.descriptor = -1
    }

    /// Closes the connection with a TCP reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        self.close()
    }

    func send(_ text: String) { self.send(Array(text.utf8)) }

    private func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            // The server has refused the request; its response says why.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func readMore() throws {
        var part = [UInt8](repeating: 0, count: 64 << 10)
        var count: Int
        // A crashing process interrupts its threads for the crash report; EINTR does not end the connection.
        repeat { count = recv(self.descriptor, &part, part.count, 0) } while count < 0 && errno == EINTR
        if count < 0, errno == EAGAIN { throw Fault(description: "no response within 10 seconds") }
        guard count > 0 else { throw Fault(description: "the connection was closed before the response was complete") }
        self.received += part[..<count]
    }

    /// Sends a request and reads the complete response.
    func ask(_ request: String, isHead: Bool = false) throws {
        self.send(request)
        try self.readResponse(isHead: isHead)
    }

    func readResponse(isHead: Bool = false) throws {
        let (status, fields) = try self.readHead()
        guard status != 304, status != 204, !isHead else { return }
        if let length = fields["content-length"].flatMap({ Int($0) }) {
            while self.received.count < length { try self.readMore() }
            self.received.removeFirst(length)
        } else if fields["transfer-encoding"] == "chunked" {
            try self.readChunks()
        } else {
            throw Fault(description: "an HTTP/1.1 response without a length")
        }
    }

    private func readChunks() throws {
        while true {
            let line = try self.readLine()
            let digits = line.prefix { $0 != ";" }
            guard digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let size = Int(digits, radix: 16)
            else { throw Fault(description: "malformed chunk size '\(digits)'") }
            while self.received.count < size + 2 { try self.readMore() }
            guard size > 0 else {
                while try !self.readLine().isEmpty {}
                return
            }
            self.received.removeFirst(size + 2)
        }
    }

    private func readLine() throws -> String {
        while true {
            if let end = self.received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: self.received[..<end], as: UTF8.self)
                self.received.removeFirst(end + 1)
                return line.hasSuffix("\r") ? String(line.dropLast()) : line
            }
            try self.readMore()
        }
    }

    private func readHead() throws -> (status: Int, fields: [String: String]) {
        let words = try self.readLine().split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]) else { throw Fault(description: "no status line") }
        var fields: [String: String] = [:]
        while true {
            let line = try self.readLine()
            guard !line.isEmpty else { break }
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return 100...199 ~= status && status != 101 ? try self.readHead() : (status, fields)
    }

    /// Requests a WebSocket. If the module accepts it, sends a message and a close frame, and waits for the close frame
    /// of the server.
    func openSocket() throws {
        self.send(Self.handshake)
        guard try self.readHead().status == 101 else { return }
        // Masked with zeros: a text frame "text", then a close frame with 1000.
        self.send([0x81, 0x84, 0, 0, 0, 0] + Array("text".utf8) + [0x88, 0x82, 0, 0, 0, 0, 3, 232])
        while true {
            while self.received.count < 2 { try self.readMore() }
            if self.received[0] & 0x0f == 8 { return }
            let short = Int(self.received[1] & 0x7f)
            let wide = short == 126 ? 2 : short == 127 ? 8 : 0
            while self.received.count < 2 + wide { try self.readMore() }
            let size = wide == 0 ? short : self.received[2..<(2 + wide)].reduce(0) { $0 << 8 | Int($1) }
            while self.received.count < 2 + wide + size { try self.readMore() }
            self.received.removeFirst(2 + wide + size)
        }
    }
}
