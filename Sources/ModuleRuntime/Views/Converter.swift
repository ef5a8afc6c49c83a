import CASGI
import CViews
import HTTPServer

/// The type of a value in a pattern: Django's converters, and `float`.
enum Converter: String, CaseIterable {
    case int, float, str, slug, uuid, path

    /// The kind of argument that the converter makes.
    var kind: ArgumentKind {
        switch self {
        case .int: .int
        case .float: .double
        case .str, .slug: .string
        case .uuid: .uuid
        case .path: .path
        }
    }

    /// Whether a value may contain this byte. `float` and `uuid` also have a format.
    @inline(__always)
    func accepts(_ byte: UInt8) -> Bool {
        switch self {
        case .int: ASCII.isDigit(byte)
        case .float: ASCII.isDigit(byte) || byte == UInt8(ascii: ".")
        case .str: byte != UInt8(ascii: "/")
        case .slug: ASCII.isSlug(byte)
        case .uuid: byte == UInt8(ascii: "-") || ASCII.isLowerHexadecimal(byte)
        case .path: true
        }
    }

    /// Whether a field may be empty.
    var acceptsEmpty: Bool { self == .str || self == .path }

    /// Reads an argument from bytes of a path. Returns false if they are invalid or out of range. A text argument
    /// points at the bytes.
    @inline(__always)
    func read(_ bytes: UnsafePointer<UInt8>, _ count: Int, into argument: UnsafeMutablePointer<asgi_argument>) -> Bool {
        guard count > 0 else { return false }
        argument.pointee.reset(to: self.kind)
        switch self {
        case .int: return Self.readInteger(bytes, count, &argument.pointee.value.integer)
        case .float: return Self.readNumber(bytes, count, &argument.pointee.value.number)
        case .uuid: return Self.readUUID(bytes, count, &argument.pointee.value.uuid)
        case .slug: for at in 0..<count where !ASCII.isSlug(bytes[at]) { return false }
        // Paths are split at slashes, so no segment contains one.
        case .str, .path: break
        }
        argument.pointee.value.string = asgi_string(
            data: UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), size: count)
        return true
    }

    /// Reads an argument from a field. Other than in a path, numbers may be negative and have an exponent, UUIDs may
    /// have capitals, and texts may contain slashes.
    func readField(_ text: Octets, into argument: UnsafeMutablePointer<asgi_argument>) -> Bool {
        let count = text.size
        guard let bytes = UnsafeRawPointer(text.data)?.assumingMemoryBound(to: UInt8.self), count > 0 else {
            guard self.acceptsEmpty else { return false }
            argument.pointee.reset(to: self.kind)
            argument.pointee.value.string = asgi_string(text)
            return true
        }
        let isNegative = bytes[0] == UInt8(ascii: "-")
        switch self {
        case .int where isNegative:
            argument.pointee.reset(to: self.kind)
            return Self.readInteger(bytes + 1, count - 1, isNegative: true, &argument.pointee.value.integer)
        case .float:
            argument.pointee.reset(to: self.kind)
            let sign = isNegative ? 1 : 0
            let fits = Self.readNumber(
                bytes + sign, count - sign, mayHaveExponent: true, &argument.pointee.value.number)
            if fits, isNegative { argument.pointee.value.number.negate() }
            return fits
        case .uuid:
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { lower in
                for at in 0..<count { lower[at] = ASCII.lowercased(bytes[at]) }
                return self.read(UnsafePointer(lower.baseAddress!), count, into: argument)
            }
        default: return self.read(bytes, count, into: argument)
        }
    }

    @inline(__always)
    private static func readInteger(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, isNegative: Bool = false, _ value: inout Int64
    ) -> Bool {
        guard count > 0 else { return false }
        var sum: Int64 = 0
        for at in 0..<count {
            guard ASCII.isDigit(bytes[at]) else { return false }
            let digit = Int64(bytes[at] &- UInt8(ascii: "0"))
            let (tens, isLarge) = sum.multipliedReportingOverflow(by: 10)
            // A negative number is summed downwards, since the smallest integer has no positive counterpart.
            let (next, isLarger) =
                isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            guard !isLarge, !isLarger else { return false }
            sum = next
        }
        value = sum
        return true
    }

    /// Reads `12` or `12.5`, finite; with an exponent also `1.25e-7`, as programs write small and large numbers.
    private static func readNumber(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, mayHaveExponent: Bool = false, _ value: inout Double
    ) -> Bool {
        var at = 0
        func skipDigits() -> Bool {
            let start = at
            while at < count, ASCII.isDigit(bytes[at]) { at += 1 }
            return at > start
        }
        guard skipDigits() else { return false }
        if at < count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard skipDigits() else { return false }
        }
        if mayHaveExponent, at < count, ASCII.lowercased(bytes[at]) == UInt8(ascii: "e") {
            at += 1
            if at < count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") { at += 1 }
            guard skipDigits() else { return false }
        }
        guard at == count,
            let number = Double(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)),
            number.isFinite
        else { return false }
        value = number
        return true
    }

    /// The size of a UUID as text (RFC 9562 §4).
    static let uuidSize = 36

    static func isUUID(_ bytes: UnsafePointer<UInt8>) -> Bool {
        for at in 0..<Self.uuidSize {
            let isDash = at == 8 || at == 13 || at == 18 || at == 23
            guard isDash ? bytes[at] == UInt8(ascii: "-") : ASCII.isLowerHexadecimal(bytes[at]) else { return false }
        }
        return true
    }

    private static func readUUID(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ value: inout asgi_uuid) -> Bool {
        guard count == Self.uuidSize, Self.isUUID(bytes) else { return false }
        withUnsafeMutableBytes(of: &value) { value in
            var to = 0
            var at = 0
            while at < count {
                guard bytes[at] != UInt8(ascii: "-") else {
                    at += 1
                    continue
                }
                // These are digits, as `isUUID` has checked.
                value[to] = (ASCII.hexadecimal(bytes[at]) ?? 0) << 4 | (ASCII.hexadecimal(bytes[at + 1]) ?? 0)
                to += 1
                at += 2
            }
        }
        return true
    }

    /// What the converter accepts, for the response to a client that sent something else.
    var expectation: String {
        switch self {
        case .int: "an integer from \(Int64.min) to \(Int64.max)"
        case .float: "a number"
        case .str, .path: "text"
        case .slug: "text of letters, digits, '-' and '_'"
        case .uuid: "a UUID"
        }
    }

    /// What the converter accepts in a path, where values have no sign and are not empty.
    var pathExpectation: String {
        switch self {
        case .int: "an integer from 0 to \(Int64.max)"
        case .float: "digits and a dot, without a sign or an exponent"
        case .str: "text without a slash, not empty"
        case .path: "text, not empty"
        case .slug, .uuid: self.expectation
        }
    }
}

/// A kind of argument. The raw value is its letter in `asgi_urls.h`.
enum ArgumentKind: UInt8 {
    case int, double, string, uuid, path

    init?(rawValue: UInt8) {
        switch rawValue {
        case UInt8(ascii: "i"): self = .int
        case UInt8(ascii: "d"): self = .double
        case UInt8(ascii: "s"): self = .string
        case UInt8(ascii: "u"): self = .uuid
        case UInt8(ascii: "p"): self = .path
        default: return nil
        }
    }

    var rawValue: UInt8 {
        switch self {
        case .int: UInt8(ascii: "i")
        case .double: UInt8(ascii: "d")
        case .string: UInt8(ascii: "s")
        case .uuid: UInt8(ascii: "u")
        case .path: UInt8(ascii: "p")
        }
    }

    /// The name of the kind in a module's table.
    var word: String {
        switch self {
        case .int: "ASGI_INT"
        case .double: "ASGI_DOUBLE"
        case .string: "ASGI_STRING"
        case .uuid: "ASGI_UUID"
        case .path: "ASGI_PATH"
        }
    }
}

extension asgi_argument {
    /// Sets every field except the value.
    @inline(__always)
    mutating func reset(to kind: ArgumentKind) {
        self.kind = UInt32(kind.rawValue)
        self.reserved = 0
    }
}
