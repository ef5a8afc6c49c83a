import Foundation

/// A completed run of a program.
public struct Command {
    public var status: Int32
    public var output: String
    public var error: String

    /// Runs a program until it exits and reads both output streams whole. `environment` is added to this process's
    /// environment.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
    ) throws -> Command {
        let output = TemporaryStream()
        let error = TemporaryStream()
        let process = try StartedProcess(
            ["/usr/bin/env"] + arguments, environment: environment, folder: folder, output: output.handle,
            error: error.handle)
        return Command(status: process.waitUntilExit(), output: output.text, error: error.text)
    }
}

/// A temporary file that a program writes to. Unlike a pipe, it never fills up.
final class TemporaryStream {
    let handle: FileHandle

    init() {
        var template = Array("/tmp/roost-stream-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        unlink(template)
        self.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// All output so far.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var all: [UInt8] = []
        while true {
            let count = pread(self.handle.fileDescriptor, &bytes, bytes.count, off_t(all.count))
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += bytes[..<count]
        }
    }
}
