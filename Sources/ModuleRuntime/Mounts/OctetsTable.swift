import HTTPServer

/// A hash table with keys of bytes, searched without creating a String or counting references. Open addressing, at most
/// half full. Immutable, and thread-safe.
// SAFETY: written in `init` only, and freed in `deinit`.
final class OctetsTable<Value: AnyObject>: @unchecked Sendable {
    private struct Slot {
        var hash: UInt64
        var key: Octets
        var value: Unmanaged<Value>?
    }

    private let slots: UnsafeMutablePointer<Slot>
    /// The number of slots, a power of two, less one.
    private let mask: Int
    /// Retains the values.
    let values: [Value]

    /// `pairs`: all keys must differ, and must live as long as the table.
    init(_ pairs: [(key: Octets, value: Value)]) {
        self.values = pairs.map(\.value)
        var size = 2
        while size < pairs.count * 2 { size *= 2 }
        self.mask = size - 1
        self.slots = .allocate(capacity: size)
        self.slots.initialize(repeating: Slot(hash: 0, key: .empty, value: nil), count: size)
        for (key, value) in pairs {
            let hash = OctetsHash.of(key.bytes)
            var at = Int(truncatingIfNeeded: hash) & self.mask
            while self.slots[at].value != nil { at = (at + 1) & self.mask }
            self.slots[at] = Slot(hash: hash, key: key, value: Unmanaged.passUnretained(value))
        }
    }

    deinit { self.slots.deallocate() }

    var isEmpty: Bool { self.values.isEmpty }

    /// The value whose key has this hash and satisfies `isKey`.
    @inline(__always)
    func find(_ hash: UInt64, _ isKey: (Octets) -> Bool) -> Unmanaged<Value>? {
        var at = Int(truncatingIfNeeded: hash) & self.mask
        while let value = self.slots[at].value {
            if self.slots[at].hash == hash, isKey(self.slots[at].key) { return value }
            at = (at + 1) & self.mask
        }
        return nil
    }
}

extension HostName {
    /// The value for exactly this name.
    func find<Value>(in table: OctetsTable<Value>) -> Unmanaged<Value>? {
        var hash = OctetsHash()
        for byte in self.bytes { hash.add(ASCII.lowercased(byte)) }
        return table.find(hash.value) { key in
            key.size == self.bytes.count && zip(key.bytes, self.bytes).allSatisfy { $0 == ASCII.lowercased($1) }
        }
    }
}
