public import Glibc

/// Borrowed bytes: a pointer and a size. Not NUL-terminated.
///
/// Laid out like C's `struct { const char *data; size_t size; }`, so that a table of fields can be passed to C without
/// a copy. The lender documents the lifetime.
public struct Octets {
    public var data: UnsafePointer<CChar>?
    public var size: Int

    @inlinable
    public init(data: UnsafePointer<CChar>?, size: Int) {
        self.data = data
        self.size = size
    }

    @inlinable
    public init(_ start: UnsafeMutablePointer<UInt8>, _ size: Int) {
        self.data = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        self.size = size
    }

    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.data = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        self.size = bytes.count
    }

    /// References the literal, which is valid for the lifetime of the program.
    @inlinable
    public init(_ literal: StaticString) {
        self.data = UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
        self.size = literal.utf8CodeUnitCount
    }

    @inlinable
    public static var empty: Octets { Octets(data: nil, size: 0) }

    @inlinable
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.data, count: self.size) }

    /// A copy that nobody frees unless its owner does: for configuration and literals.
    package static func lasting(_ text: String) -> Octets {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return .empty }
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        memory.initialize(from: bytes, count: bytes.count)
        return Octets(memory, bytes.count)
    }

    /// A copy as text, in which invalid UTF-8 is replaced. Allocates: for logs and other code off the hot path.
    public var text: String { String(decoding: self.bytes, as: UTF8.self) }
}

extension Octets {
    /// Whether the bytes equal those of the literal.
    @inlinable
    @inline(__always)
    public func equals(_ literal: StaticString) -> Bool {
        guard let data, self.size == literal.utf8CodeUnitCount else { return self.size == literal.utf8CodeUnitCount }
        return memcmp(data, literal.utf8Start, self.size) == 0
    }

    /// Whether the bytes are equal.
    @inlinable
    @inline(__always)
    public func equals(_ other: Octets) -> Bool {
        self.size == other.size && (self.size == 0 || memcmp(self.data!, other.data!, self.size) == 0)
    }

    /// Whether the bytes equal those of the (lower-case) literal, ignoring case.
    public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard self.size == literal.utf8CodeUnitCount else { return false }
        return self.bytes.elementsEqual(
            UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        ) { ASCII.lowercased($0) == $1 }
    }

    /// Whether the bytes equal these (in lower case), ignoring case.
    package func equalsIgnoringCase(_ lowerCase: Octets) -> Bool {
        self.size == lowerCase.size && zip(self.bytes, lowerCase.bytes).allSatisfy { ASCII.lowercased($0) == $1 }
    }

    /// Whether a comma-separated list contains the (lower-case) literal, ignoring case (RFC 9110 §5.6.1).
    package func listContains(_ literal: StaticString) -> Bool {
        var rest = self
        while let member = rest.removeMember() { if member.equalsIgnoringCase(literal) { return true } }
        return false
    }

    /// Removes and returns the first member of a comma-separated list, trimmed; nil if the list is empty.
    mutating func removeMember() -> Octets? {
        guard let data, self.size > 0 else { return nil }
        let comma = self.bytes.firstIndex(of: UInt8(ascii: ",")) ?? self.size
        let member = Octets(data: data, size: comma).trimmed
        self = Octets(data: data + min(comma + 1, self.size), size: max(self.size - comma - 1, 0))
        return member
    }

    /// The bytes without leading and trailing white space (RFC 9110 §5.6.3: spaces and tabs).
    var trimmed: Octets {
        guard var start = self.data else { return self }
        var end = start + self.size
        while start < end, ASCII.isBlank(UInt8(bitPattern: start.pointee)) { start += 1 }
        while start < end, ASCII.isBlank(UInt8(bitPattern: (end - 1).pointee)) { end -= 1 }
        return Octets(data: start, size: end - start)
    }
}
