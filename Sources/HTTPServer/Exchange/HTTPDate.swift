import Glibc

/// Dates of header fields (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The size of a formatted date, in bytes.
    package static let size = 29

    /// Formats an IMF-fixdate into `size` bytes: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(_ second: Int, into memory: UnsafeMutablePointer<UInt8>) {
        var second = time_t(second)
        var parts = tm()
        gmtime_r(&second, &parts)
        var at = 0
        func put(_ text: StaticString) {
            memcpy(memory + at, text.utf8Start, text.utf8CodeUnitCount)
            at += text.utf8CodeUnitCount
        }
        func put(_ number: Int32, digits: Int) {
            var rest = number
            for place in stride(from: digits - 1, through: 0, by: -1) {
                memory[at + place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            at += digits
        }
        put(Self.days[Int(parts.tm_wday)])
        put(", ")
        put(parts.tm_mday, digits: 2)
        put(" ")
        put(Self.months[Int(parts.tm_mon)])
        put(" ")
        put(parts.tm_year + 1900, digits: 4)
        put(" ")
        put(parts.tm_hour, digits: 2)
        put(":")
        put(parts.tm_min, digits: 2)
        put(":")
        put(parts.tm_sec, digits: 2)
        put(" GMT")
    }

    /// The formatted date.
    package static func text(_ second: Int) -> String {
        String(unsafeUninitializedCapacity: Self.size) {
            Self.format(second, into: $0.baseAddress!)
            return Self.size
        }
    }

    /// Parses a date in one of the three forms, as seconds since 1970; nil if it is none.
    package static func parse(_ text: Octets) -> Int? {
        let words = text.bytes.split(whereSeparator: { $0 == 0x20 || $0 == 0x2c || $0 == 0x2d }).map { Array($0) }
        // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
        if words.count == 6, words[5].elementsEqual("GMT".utf8) {
            return Self.second(day: words[1], month: words[2], year: words[3], time: words[4])
        }
        guard words.count == 5 else { return nil }
        return Self.second(day: words[2], month: words[1], year: words[4], time: words[3])
    }

    private static func second(day: [UInt8], month: [UInt8], year: [UInt8], time: [UInt8]) -> Int? {
        let parts = time.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { Array($0) }
        guard parts.count == 3, parts.allSatisfy({ $0.count == 2 }), let hour = Self.number(parts[0], 0...23),
            let minute = Self.number(parts[1], 0...59), let second = Self.number(parts[2], 0...60),
            let day = Self.number(day, 1...31), var year = Self.number(year, 0...9999),
            let month = Self.months.firstIndex(where: { "\($0)".utf8.elementsEqual(month) })
        else { return nil }
        // Two digits: RFC 850. No file is older than 1970.
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        var date = tm()
        date.tm_year = Int32(year - 1900)
        date.tm_mon = Int32(month)
        date.tm_mday = Int32(day)
        date.tm_hour = Int32(hour)
        date.tm_min = Int32(minute)
        date.tm_sec = Int32(second)
        return Int(timegm(&date))
    }

    private static func number(_ digits: [UInt8], _ range: ClosedRange<Int>) -> Int? {
        guard 1...4 ~= digits.count, digits.allSatisfy(ASCII.isDigit) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(number) ? number : nil
    }
}
