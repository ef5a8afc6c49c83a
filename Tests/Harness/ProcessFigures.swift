import Foundation

/// The figures of a process in `/proc`. Each throws if it cannot be read: the process has ended, or belongs to another
/// user.
package struct ProcessFigures: Sendable {
    package let identifier: Int32

    package init(_ identifier: Int32) { self.identifier = identifier }

    /// The ids of the child processes. Empty if the process has ended.
    package var children: [Int32] {
        guard let text = try? self.text("task/\(self.identifier)/children") else { return [] }
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// Resident memory in bytes, now and at its peak since the start or `resetPeak`.
    package var residentMemory: Int { get throws { try self.bytes("VmRSS", in: "status") } }
    package var peakMemory: Int { get throws { try self.bytes("VmHWM", in: "status") } }

    /// Anonymous resident memory (without pages of files), in bytes.
    package var anonymousMemory: Int { get throws { try self.bytes("RssAnon", in: "status") } }

    /// Resident memory in bytes, with this process's share of shared pages.
    package var proportionalMemory: Int { get throws { try self.bytes("Pss", in: "smaps_rollup") } }

    /// Private resident memory in bytes: written pages, and pages of files, which the kernel can drop.
    package var privateMemory: (written: Int, ofFiles: Int) {
        get throws {
            // Dirty pages of a file that was just written can be dropped once they are on disk, so they do not count.
            let written = try self.bytes("Anonymous", in: "smaps_rollup")
            let all =
                try self.bytes("Private_Dirty", in: "smaps_rollup")
                + self.bytes("Private_Clean", in: "smaps_rollup")
            return (written, all - written)
        }
    }

    package func resetPeak() throws {
        try "5".write(toFile: self.path("clear_refs"), atomically: false, encoding: .utf8)
    }

    /// The number of open descriptors.
    package var descriptors: Int { get throws { try self.names("fd").count } }

    /// User and system time, in hundredths of a second.
    package var ticks: Int {
        get throws {
            // utime and stime, the 12th and 13th field after the name (proc(5)).
            let fields = try self.text("stat").split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
                throw UnexpectedResult("\(self.path("stat")) has no times")
            }
            return user + system
        }
    }

    /// Whether a signal has stopped all of its threads.
    package var isStopped: Bool {
        get throws {
            try self.names("task").allSatisfy {
                try self.text("task/\($0)/stat").split(separator: ")").last?.hasPrefix(" T") ?? false
            }
        }
    }

    private func path(_ file: String) -> String { "/proc/\(self.identifier)/\(file)" }

    private func text(_ file: String) throws -> String { try String(contentsOfFile: self.path(file), encoding: .utf8) }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.path(folder))
    }

    private func bytes(_ field: String, in file: String) throws -> Int {
        let line = try self.text(file).split(separator: "\n").first { $0.hasPrefix("\(field):") }
        guard let kibibytes = line.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw UnexpectedResult("\(self.path(file)) has no \(field)")
        }
        return kibibytes << 10
    }
}
