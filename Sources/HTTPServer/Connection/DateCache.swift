import Glibc

/// The `date` line of responses (RFC 9110 §6.6.1), formatted again when the second changes. Loop-bound.
struct DateCache {
    private static let size = 37
    private let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.size)
    private var second: time_t = -1

    /// Returns the line with its CRLF, valid until the next call.
    mutating func line() -> Octets {
        let now = time(nil)
        if now != self.second {
            self.second = now
            self.format(now)
        }
        return Octets(self.memory, Self.size)
    }

    /// Frees the line. Called by the loop in its `deinit`.
    func deallocate() { self.memory.deallocate() }

    /// Formats an IMF-fixdate (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    private func format(_ second: time_t) {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months: [StaticString] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        var at = 0
        func put(_ text: StaticString) {
            memcpy(self.memory + at, text.utf8Start, text.utf8CodeUnitCount)
            at += text.utf8CodeUnitCount
        }
        func put(_ number: Int32, digits: Int) {
            var rest = number
            for place in stride(from: digits - 1, through: 0, by: -1) {
                self.memory[at + place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            at += digits
        }
        put("date: ")
        put(days[Int(parts.tm_wday)])
        put(", ")
        put(parts.tm_mday, digits: 2)
        put(" ")
        put(months[Int(parts.tm_mon)])
        put(" ")
        put(parts.tm_year + 1900, digits: 4)
        put(" ")
        put(parts.tm_hour, digits: 2)
        put(":")
        put(parts.tm_min, digits: 2)
        put(":")
        put(parts.tm_sec, digits: 2)
        put(" GMT\r\n")
    }
}
