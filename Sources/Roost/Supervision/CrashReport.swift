import CWorker

/// What a worker has written about its crash, or about a loop that hangs. Copied out of its page, and believed in nothing.
struct CrashReport: Sendable {
    struct Frame: Sendable {
        let address: UInt64
        let offset: UInt64
        let library: String
        let symbol: String

        /// `libwiki.so render+0x1c`.
        var text: String {
            let name = self.library.split(separator: "/").last.map(String.init) ?? "?"
            let offset = "+0x\(String(self.offset, radix: 16))"
            return self.symbol.isEmpty ? "\(name)\(offset)" : "\(name) \(self.symbol)\(offset)"
        }
    }

    /// 0: it was no signal.
    let signal: CInt
    let address: UInt64
    /// Which application was called, by number; nil: it is not known.
    let application: Int?
    let method: String
    let path: String
    let frames: [Frame]

    /// Nil: nothing is reported.
    init?(_ report: UnsafePointer<roost_report>) {
        guard report.pointee.state != 0 else { return nil }
        self.signal = report.pointee.signal
        self.address = report.pointee.address
        self.application = report.pointee.application == 0 ? nil : Int(report.pointee.application)
        self.method = Self.text(roost_report_method_text(report), roost_report_method(report))
        self.path = Self.text(roost_report_path_text(report), roost_report_path(report))
        let count = min(report.pointee.frame_count, UInt32(ROOST_FRAMES))
        self.frames = (0..<CInt(count)).map { number in
            let frame = roost_report_frame(report, number)!
            return Frame(
                address: frame.pointee.address, offset: frame.pointee.offset,
                library: Self.text(roost_frame_library_text(frame), roost_frame_library(frame)),
                symbol: Self.text(roost_frame_symbol_text(frame), roost_frame_symbol(frame))
            )
        }
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The place that says most: the first on the stack that belongs to this file; else the first of all.
    func place(in module: String) -> Frame? {
        let name = module.split(separator: "/").last ?? ""
        return self.frames.first { $0.library.split(separator: "/").last == name } ?? self.frames.first
    }

    /// The stack in one line, from the top as far as the host's own frames; all of it, when it is the host's.
    var stack: String {
        let isOurs = { (frame: Frame) in frame.library == "roost" }
        let theirs = self.frames.drop(while: isOurs).prefix { !isOurs($0) }
        return (theirs.isEmpty ? self.frames[...] : theirs).prefix(12).map(\.text).joined(separator: " < ")
    }
}
