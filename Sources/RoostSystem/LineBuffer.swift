/// Puts lines together from what comes over a stream. A value without I/O.
package struct LineBuffer {
    /// Bytes of a line: who sends a longer one is not understood.
    private let most: Int
    private var bytes: [UInt8] = []
    package private(set) var isOverlong = false

    package init(most: Int) { self.most = most }

    /// Takes what has come; says the lines that are whole now, without their ends.
    package mutating func take(_ more: some Sequence<UInt8>) -> [String] {
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

    /// What has come of a line that is not whole.
    package mutating func takeRest() -> String? {
        guard !self.bytes.isEmpty else { return nil }
        defer { self.bytes = [] }
        return String(decoding: self.bytes, as: UTF8.self)
    }
}
