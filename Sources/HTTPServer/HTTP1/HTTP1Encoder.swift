import Glibc
import NIOCore

/// Encodes HTTP/1 response headers and chunks into a buffer (RFC 9112 §4, §5, §7.1).
enum HTTP1Encoder {
    /// The `connection` field of a response header.
    enum Persistence {
        /// No field: HTTP/1.1 connections are persistent by default.
        case implied
        /// `keep-alive`, for an HTTP/1.0 client that asked for it.
        case keepAlive
        /// `close`: the connection is closed after the response.
        case close
        /// `upgrade, close`, for a response with an `upgrade` field, which `connection` must name (RFC 9110 §7.8).
        case closeWithUpgrade
    }

    /// Writes the status line and the fields, without framing, connection fields and the empty line.
    static func writeStart(status: Int, fields: ResponseFields, loop: ServerLoop, into buffer: inout ByteBuffer) {
        let start = Start(status: status, fields: fields, loop: loop)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: start.most) { room in
            var cursor = Cursor(room)
            cursor.write(start)
            return cursor.written
        }
    }

    /// Writes a complete response header, followed by `body`.
    static func writeHead(
        status: Int, fields: ResponseFields, framing: HTTP1Framing, persistence: Persistence,
        body: UnsafeRawBufferPointer, loop: ServerLoop, into buffer: inout ByteBuffer
    ) {
        let start = Start(status: status, fields: fields, loop: loop)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: start.most + Self.longestEnd + body.count) { room in
            var cursor = Cursor(room)
            cursor.write(start)
            cursor.write(framing, persistence)
            cursor.write(body)
            return cursor.written
        }
    }

    /// The status line and the fields of a response header.
    private struct Start {
        let status: Int
        let fields: ResponseFields
        let date: Octets
        let defaults: Octets

        @inline(__always)
        init(status: Int, fields: ResponseFields, loop: ServerLoop) {
            self.status = status
            self.fields = fields
            self.date = fields.hasDate || !loop.configuration.sendsDate ? .empty : loop.date.line()
            self.defaults = fields.hasServer ? loop.defaultHeaders.withoutServer : loop.defaultHeaders.all
        }

        /// The maximum size, in bytes.
        var most: Int { StatusLine.longest + self.date.size + self.defaults.size + self.fields.size }
    }

    /// The maximum size of framing, connection fields and the empty line, in bytes.
    private static let longestEnd = 96

    /// Writes a complete interim response with one link per value (RFC 8297 §2).
    static func writeHint(_ links: HeaderFields, into buffer: inout ByteBuffer) {
        self.write(Octets("HTTP/1.1 103 Early Hints\r\n"), into: &buffer)
        for link in links {
            self.write(HeaderField(name: Octets("link"), value: link.value), into: &buffer)
        }
        self.write(Octets("\r\n"), into: &buffer)
    }

    /// Writes trailers (RFC 9112 §7.1.2), without the empty line that ends them.
    static func write(_ trailers: HeaderFields, into buffer: inout ByteBuffer) {
        for field in trailers { self.write(field, into: &buffer) }
    }

    private static func write(_ field: HeaderField, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: field.name.size + field.value.size + 4) { room in
            var cursor = Cursor(room)
            cursor.write(field, hasUpperCase: true)
            return cursor.written
        }
    }

    /// Writes framing, connection fields and the empty line.
    static func writeEnd(
        framing: HTTP1Framing, persistence: Persistence, into buffer: inout ByteBuffer
    ) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.longestEnd) { room in
            var cursor = Cursor(room)
            cursor.write(framing, persistence)
            return cursor.written
        }
    }

    /// Writes `chunk-size CRLF`. The caller then writes the data of the chunk and a CRLF.
    static func writeChunkSize(_ size: Int, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 18) { room in
            var cursor = Cursor(room)
            cursor.write(hexadecimal: size)
            cursor.write(Octets("\r\n"))
            return cursor.written
        }
    }

    static func write(_ octets: Octets, into buffer: inout ByteBuffer) {
        guard octets.size > 0 else { return }
        buffer.writeBytes(octets.bytes)
    }

    /// Writes a complete response by the server itself: a refusal or a 500.
    static func write(
        _ refusal: Refusal, _ answer: ErrorAnswer, persistence: Persistence, hasBody: Bool, loop: ServerLoop,
        into buffer: inout ByteBuffer
    ) {
        answer.fields.withUnsafeBufferPointer { given in
            // The fields are constant and valid: checking them cannot fail.
            guard let fields = try? ResponseFields(given) else { return }
            self.writeStart(status: refusal.status, fields: fields, loop: loop, into: &buffer)
            self.write(Octets(refusal.lines), into: &buffer)
            self.writeEnd(framing: .length(answer.body.count), persistence: persistence, into: &buffer)
            if hasBody { answer.body.withUnsafeBytes { self.write(Octets($0), into: &buffer) } }
        }
    }

    /// Writes into memory whose size the caller has reserved.
    private struct Cursor {
        private let start: UnsafeMutableRawPointer
        private var at: UnsafeMutableRawPointer

        init(_ room: UnsafeMutableRawBufferPointer) {
            self.start = room.baseAddress!
            self.at = self.start
        }

        var written: Int { self.at - self.start }

        @inline(__always)
        mutating func write(_ octets: Octets) { self.write(octets.bytes) }

        @inline(__always)
        mutating func write(_ bytes: UnsafeRawBufferPointer) {
            guard let data = bytes.baseAddress else { return }
            memcpy(self.at, data, bytes.count)
            self.at += bytes.count
        }

        mutating func write(_ start: Start) {
            if let line = StatusLine.of(start.status) {
                self.write(Octets(line))
            } else {
                self.write(Octets("HTTP/1.1 "))
                self.write(decimal: start.status)
                self.write(Octets(" \r\n"))
            }
            self.write(start.date)
            self.write(start.defaults)
            let hasUpperCase = start.fields.hasUpperCase
            for field in start.fields.fields where !ResponseFields.isServerControlled(field.name) {
                self.write(field, hasUpperCase: hasUpperCase)
            }
        }

        /// Names are written in lower case, as HTTP/2 requires (RFC 9113 §8.2.1): an application then sees no
        /// difference. `hasUpperCase`: whether the name may have upper-case letters.
        @inline(__always)
        mutating func write(_ field: HeaderField, hasUpperCase: Bool) {
            let name = self.at
            self.write(field.name)
            if hasUpperCase {
                for at in 0..<field.name.size {
                    name.storeBytes(
                        of: ASCII.lowercased(name.load(fromByteOffset: at, as: UInt8.self)), toByteOffset: at,
                        as: UInt8.self)
                }
            }
            self.write(Octets(": "))
            self.write(field.value)
            self.write(Octets("\r\n"))
        }

        mutating func write(_ framing: HTTP1Framing, _ persistence: Persistence) {
            switch framing {
            case .length(let length), .none(contentLength: .some(let length)):
                self.write(Octets("content-length: "))
                self.write(decimal: length)
                self.write(Octets("\r\n"))
            case .chunked: self.write(Octets("transfer-encoding: chunked\r\n"))
            case .none(contentLength: nil), .untilClose: break
            }
            switch persistence {
            case .implied: break
            case .keepAlive: self.write(Octets("connection: keep-alive\r\n"))
            case .close: self.write(Octets("connection: close\r\n"))
            case .closeWithUpgrade: self.write(Octets("connection: upgrade, close\r\n"))
            }
            self.write(Octets("\r\n"))
        }

        mutating func write(decimal number: Int) { self.write(number, radix: 10) }
        mutating func write(hexadecimal number: Int) { self.write(number, radix: 16) }

        private mutating func write(_ number: Int, radix: Int) {
            var digits = 1
            var rest = number / radix
            while rest > 0 {
                digits += 1
                rest /= radix
            }
            rest = number
            for place in stride(from: digits - 1, through: 0, by: -1) {
                let digit = UInt8(rest % radix)
                self.at.storeBytes(
                    of: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10,
                    toByteOffset: place, as: UInt8.self
                )
                rest /= radix
            }
            self.at += digits
        }
    }
}
