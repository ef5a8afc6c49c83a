import Glibc

/// A moment as a page shows it: for a reader, and for a program.
struct Moment {
    private var parts = tm()

    /// Seconds since 1970.
    init(_ seconds: Int) {
        var seconds = time_t(seconds)
        gmtime_r(&seconds, &self.parts)
    }

    private func text(_ format: String) -> String {
        var parts = self.parts
        var room = [CChar](repeating: 0, count: 64)
        let count = strftime(&room, room.count, format, &parts)
        return String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var html: HTML {
        #"<time datetime="\#(self.text("%Y-%m-%dT%H:%M:%SZ"))">\#(self.text("%-d %b %Y, %H:%M")) UTC</time>"#
    }
}
