import CHPACK

/// A frame of HTTP/2 (RFC 9113 §4.1), as tests write and read it.
struct HTTP2Frame: Equatable, Sendable, CustomStringConvertible {
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, push, ping, goAway, windowUpdate, continuation
    }

    var kind: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4
    static let acknowledges: UInt8 = 1

    init(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.init(kind.rawValue, flags: flags, stream: stream, payload)
    }

    init(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    var bytes: [UInt8] {
        let size = self.payload.count
        return [UInt8(size >> 16 & 255), UInt8(size >> 8 & 255), UInt8(size & 255), self.kind, self.flags]
            + Self.number(self.stream) + self.payload
    }

    static func number(_ number: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    func `is`(_ kind: Kind) -> Bool { self.kind == kind.rawValue }

    /// The number at a position of the payload.
    func number(at start: Int = 0) -> UInt32 { self.payload[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }

    /// The error code of a RST_STREAM or a GOAWAY.
    var error: UInt32 { self.number(at: self.is(.goAway) ? 4 : 0) }
    var endsStream: Bool { self.flags & Self.endStream != 0 }

    var description: String {
        "\(Kind(rawValue: self.kind).map { "\($0)" } ?? "\(self.kind)")(stream \(self.stream), flags \(self.flags), \(self.payload.count) bytes)"
    }

    /// Splits bytes into frames. Drops an incomplete one at the end.
    static func all(in bytes: [UInt8]) -> [HTTP2Frame] {
        var frames: [HTTP2Frame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let size = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard rest.count >= 9 + size else { break }
            let stream = head[5...].reduce(0) { $0 << 8 | UInt32($1) }
            frames.append(
                HTTP2Frame(head[3], flags: head[4], stream: stream, Array(rest.dropFirst(9).prefix(size))))
            rest = rest.dropFirst(9 + size)
        }
        return frames
    }
}

/// Header blocks of tests.
enum HTTP2Block {
    /// Encodes fields as literals that are not indexed (RFC 7541 §6.2.2).
    static func encode(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0] + self.text(name) + self.text(value) }
    }

    private static func text(_ text: String) -> [UInt8] { self.number(text.utf8.count) + Array(text.utf8) }

    /// An integer with a prefix of seven bits (RFC 7541 §5.1).
    private static func number(_ number: Int) -> [UInt8] {
        guard number >= 127 else { return [UInt8(number)] }
        var bytes: [UInt8] = [127]
        var rest = number - 127
        while rest >= 128 {
            bytes.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// Decodes the header blocks of one connection.
final class HTTP2BlockDecoder {
    private let decoder = hpack_make()

    deinit { hpack_destroy(self.decoder) }

    /// Nil for a malformed block.
    func decode(_ block: [UInt8]) -> [String: String]? {
        final class Fields { var all: [String: String] = [:] }
        let fields = Fields()
        let result = hpack_decode(self.decoder, block, block.count, Unmanaged.passUnretained(fields).toOpaque()) {
            context, name, nameSize, value, valueSize in
            let fields = Unmanaged<Fields>.fromOpaque(context!).takeUnretainedValue()
            let name = String(decoding: UnsafeBufferPointer(start: name, count: nameSize), as: UTF8.self)
            fields.all[name] = String(decoding: UnsafeBufferPointer(start: value, count: valueSize), as: UTF8.self)
        }
        return result == 0 ? fields.all : nil
    }
}
