import CLinux

/// The identity of a file's contents: two equal values stand for the same bytes, unless the file was changed within a
/// few milliseconds of the first.
struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    /// Nanoseconds since 1970.
    let modified: Int
    let changed: Int

    /// The second of its last modification, since 1970.
    var modifiedSecond: Int {
        let (second, rest) = self.modified.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? second - 1 : second
    }

    init(_ facts: roost_file_facts) {
        self.device = facts.device
        self.inode = facts.inode
        self.size = Int(facts.size)
        self.modified = Int(facts.modified)
        self.changed = Int(facts.changed)
    }
}
