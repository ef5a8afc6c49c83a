import Foundation

/// What `/proc` tells about a process. A process that has ended has zero of everything.
package struct ProcessFigures: Sendable {
    package let identifier: Int32

    package init(_ identifier: Int32) { self.identifier = identifier }

    package var children: [Int32] {
        self.text("task/\(self.identifier)/children").split(separator: " ").compactMap { Int32($0) }
    }

    /// Bytes in memory, and the most that there were since the start or `resetPeak`.
    package var residentMemory: Int { self.bytes("VmRSS", in: "status") }
    package var peakMemory: Int { self.bytes("VmHWM", in: "status") }

    /// Bytes in memory that are no pages of a file.
    package var anonymousMemory: Int { self.bytes("RssAnon", in: "status") }

    /// Bytes in memory; of shared pages only this process's share.
    package var proportionalMemory: Int { self.bytes("Pss", in: "smaps_rollup") }

    /// Bytes that only this process has: those that it has written, and those of files, which the system can drop.
    package var privateMemory: (written: Int, ofFiles: Int) {
        // A page of a file that was just written counts as dirty, though it can be dropped once it is on disk.
        let written = self.bytes("Anonymous", in: "smaps_rollup")
        let all = self.bytes("Private_Dirty", in: "smaps_rollup") + self.bytes("Private_Clean", in: "smaps_rollup")
        return (written, all - written)
    }

    package func resetPeak() {
        // Fails for a process that has ended, which has no peak.
        try? "5".write(toFile: "/proc/\(self.identifier)/clear_refs", atomically: false, encoding: .utf8)
    }

    /// The number of open descriptors.
    package var descriptors: Int { self.names("fd").count }

    /// User and system time, in hundredths of a second.
    package var ticks: Int {
        // The 12th and 13th field behind the name, proc(5).
        let fields = self.text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }

    /// Whether a signal has stopped all of its threads.
    package var isStopped: Bool {
        self.names("task").allSatisfy {
            self.text("task/\($0)/stat").split(separator: ")").last?.hasPrefix(" T") ?? false
        }
    }

    private func text(_ file: String) -> String {
        (try? String(contentsOfFile: "/proc/\(self.identifier)/\(file)", encoding: .utf8)) ?? ""
    }

    private func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.identifier)/\(folder)")) ?? []
    }

    private func bytes(_ field: String, in file: String) -> Int {
        let line = self.text(file).split(separator: "\n").first { $0.hasPrefix("\(field):") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) << 10
    }
}
