/// Assembles lines from the data of a stream. A value type without I/O.
package struct LineBuffer {
    /// The maximum size of a line, in bytes.
    private let most: Int
    private var bytes: [UInt8] = []
    /// Whether a line exceeded the maximum size; its excess was dropped.
    package private(set) var isOverlong = false

    package init(most: Int) { self.most = most }

    /// Adds data and returns the complete lines, without their newlines.
    package mutating func append(_ more: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in more {
            if byte == UInt8(ascii: "\n") {
                lines.append(String(decoding: self.bytes, as: UTF8.self))
                self.bytes.removeAll(keepingCapacity: true)
            } else if self.bytes.count < self.most {
                self.bytes.append(byte)
            } else {
                self.isOverlong = true
            }
        }
        return lines
    }

    /// Removes and returns the incomplete line at the end; nil if there is none.
    package mutating func removeRest() -> String? {
        guard !self.bytes.isEmpty else { return nil }
        defer { self.bytes = [] }
        return String(decoding: self.bytes, as: UTF8.self)
    }
}
