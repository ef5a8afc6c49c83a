import Glibc

/// The `date` line of responses (RFC 9110 §6.6.1), formatted again when the second changes. Loop-bound.
struct DateCache {
    private static let size = 6 + HTTPDate.size + 2
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

    private func format(_ second: time_t) {
        let name: StaticString = "date: "
        memcpy(self.memory, name.utf8Start, name.utf8CodeUnitCount)
        HTTPDate.format(Int(second), into: self.memory + name.utf8CodeUnitCount)
        self.memory[Self.size - 2] = ASCII.carriageReturn
        self.memory[Self.size - 1] = ASCII.newline
    }
}
