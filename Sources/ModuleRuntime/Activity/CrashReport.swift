package import CWorker
import Glibc

/// A worker's report of its crash, its exit, or a stalled loop. Copied from the shared page, and not trusted.
package struct CrashReport: Sendable {
    package struct Frame: Sendable {
        package let address: UInt64
        let offset: UInt64
        /// The end of the image's path.
        package let library: String
        package let symbol: String

        /// Whether the frame is in the executable `roost` itself.
        package var isHost: Bool { self.library == "roost" }

        /// A description such as `libwiki.so render+0x1c`.
        package var text: String {
            let name = self.library.split(separator: "/").last.map(String.init) ?? "?"
            let offset = "+0x\(String(self.offset, radix: 16))"
            return self.symbol.isEmpty ? "\(name)\(offset)" : "\(name) \(self.symbol)\(offset)"
        }
    }

    /// The signal; 0 if the process called exit, or if the report is about a stall.
    package let signal: CInt
    package let address: UInt64
    /// The number of the application that was being called, or nil if unknown.
    package let application: UInt32?
    package let method: String
    package let path: String
    package let frames: [Frame]

    /// Returns nil if nothing was reported.
    package init?(_ report: UnsafePointer<roost_report>) {
        guard report.pointee.state != 0 else { return nil }
        self.signal = report.pointee.signal
        self.address = report.pointee.address
        self.application = report.pointee.application == 0 ? nil : report.pointee.application
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

    /// Whether the fault lies in Roost's own code rather than in a module's. `isModule`: whether a frame is in the
    /// image of a module or in a library that a module brought.
    ///
    /// The first frame that is not in a system library decides. If it is Roost's and the signal is SIGILL or SIGTRAP,
    /// one of Roost's own checks failed, whatever called it. Any other signal may come from a pointer that a module
    /// passed: it is Roost's fault only if no module is being called and none is on the stack.
    package func isHostFault(isModule: (Frame) -> Bool) -> Bool {
        guard self.signal != 0, let first = self.frames.first(where: { $0.isHost || isModule($0) }), first.isHost else {
            return false
        }
        if self.signal == SIGILL || self.signal == SIGTRAP { return true }
        return self.application == nil && !self.frames.contains(where: isModule)
    }

    /// The most informative frame: the first in the module's file, otherwise the first of the stack.
    package func place(in module: String) -> Frame? {
        let name = module.split(separator: "/").last ?? ""
        return self.frames.first { $0.library.split(separator: "/").last == name } ?? self.frames.first
    }

    /// The stack in one line, from the first frame outside the host to the next frame of the host.
    /// After twelve frames, "..." stands for the rest.
    package var stack: String {
        let theirs = self.frames.drop(while: \.isHost).prefix { !$0.isHost }
        let frames = theirs.isEmpty ? self.frames[...] : theirs
        return Self.line(frames.prefix(12)) + (frames.count > 12 ? " < ..." : "")
    }

    /// All frames in one line.
    package var wholeStack: String { Self.line(self.frames[...]) }

    private static func line(_ frames: ArraySlice<Frame>) -> String {
        frames.map(\.text).joined(separator: " < ")
    }
}
