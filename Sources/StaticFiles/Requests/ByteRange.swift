import HTTPServer

/// The range of bytes that a request asks for (RFC 9110 §14.1.2).
enum ByteRange: Equatable {
    /// These bytes; never empty.
    case part(Range<Int>)
    /// None of the bytes exist.
    case unsatisfiable

    /// Parses `bytes=0-499`, `bytes=500-` and `bytes=-500` for a file of `size` bytes. Nil for a field that is ignored
    /// (§14.2): another unit, several ranges, or a malformed one.
    init?(_ field: Octets, size: Int) {
        let bytes = field.bytes
        guard bytes.count > 6, zip(bytes, "bytes=".utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else { return nil }
        let spec = UnsafeRawBufferPointer(rebasing: bytes[6...])
        guard let dash = spec.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let (first, last) = (spec[..<dash], spec[(dash + 1)...])
        guard let end = Self.number(last), let start = Self.number(first) else { return nil }
        switch (start, end) {
        case (nil, nil): return nil
        case (nil, let suffix?):
            let start = max(size - suffix, 0)
            self = start < size ? .part(start..<size) : .unsatisfiable
        case (let start?, let last):
            guard last.map({ start <= $0 }) ?? true else { return nil }
            self = start < size ? .part(start..<min((last ?? .max - 1) + 1, size)) : .unsatisfiable
        }
    }

    /// The digits as a number, at most `Int.max - 1`; `.some(nil)` for none, nil for anything else.
    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int?? {
        guard !digits.isEmpty else { return .some(nil) }
        var number = 0
        for byte in digits {
            guard ASCII.isDigit(byte) else { return nil }
            let (tens, isOver) = number.multipliedReportingOverflow(by: 10)
            let (sum, isOverToo) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            number = isOver || isOverToo ? .max - 1 : min(sum, .max - 1)
            if isOver || isOverToo { return digits.allSatisfy(ASCII.isDigit) ? number : nil }
        }
        return number
    }
}
