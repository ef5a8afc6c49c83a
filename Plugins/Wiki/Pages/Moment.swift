import Glibc

/// A point in time for a page, in readable and machine-readable form. Always in English: `strftime` would use the
/// process's locale, which another module may set.
struct Moment {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private var parts = tm()

    /// Seconds since 1970.
    init(_ seconds: Int) {
        var seconds = time_t(seconds)
        gmtime_r(&seconds, &self.parts)
    }

    var html: HTML {
        let (year, month, day) = (Int(self.parts.tm_year) + 1900, Int(self.parts.tm_mon), Int(self.parts.tm_mday))
        let minutes = "\(Self.padded(self.parts.tm_hour)):\(Self.padded(self.parts.tm_min))"
        let date = "\(year)-\(Self.padded(self.parts.tm_mon + 1))-\(Self.padded(self.parts.tm_mday))"
        let program = "\(date)T\(minutes):\(Self.padded(self.parts.tm_sec))Z"
        return #"<time datetime="\#(program)">\#("\(day) \(Self.months[month]) \(year), \(minutes)") UTC</time>"#
    }

    private static func padded(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
