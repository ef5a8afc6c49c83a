/// FNV-1a, 64 bits, byte by byte.
package struct OctetsHash {
    @usableFromInline
    package private(set) var value: UInt64

    /// `seed`: for keys of clients, a number that they do not know.
    @inlinable
    @inline(__always)
    package init(seed: UInt64 = 0xcbf2_9ce4_8422_2325) { self.value = seed }

    @inlinable
    @inline(__always)
    package mutating func add(_ byte: UInt8) { self.value = (self.value ^ UInt64(byte)) &* 0x100_0000_01b3 }

    /// The hash of these bytes.
    @inlinable
    package static func of(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(into: Self()) { $0.add($1) }.value }
}
