import Glibc
import HTTPServer

/// The files that one loop has sent recently, by path and coding. Limited by their memory; the oldest is dropped first.
struct FileCache {
    private struct Key: Hashable {
        /// Borrowed: for a lookup from the request, in the table from `Entry`.
        let path: Octets
        let coding: ContentCoding?

        static func == (left: Key, right: Key) -> Bool { left.coding == right.coding && left.path.equals(right.path) }

        func hash(into hasher: inout Hasher) {
            hasher.combine(bytes: self.path.bytes)
            hasher.combine(self.coding)
        }
    }

    /// A file, with the memory of its key.
    private final class Entry {
        /// Nil once it was removed.
        var file: StaticFile?
        let key: Key

        init(_ path: Octets, _ coding: ContentCoding?, _ file: StaticFile) {
            let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(path.size, 1))
            if path.size > 0 { memcpy(memory, path.data!, path.size) }
            self.file = file
            self.key = Key(path: Octets(memory, path.size), coding: coding)
        }

        deinit { self.key.path.data?.deallocate() }
    }

    private var entries: [Key: Entry] = [:]
    /// The entries in the order of their insertion. Replaced ones stay until their turn.
    private var order: [Entry] = []
    private var first = 0
    private var cost = 0
    /// The maximum memory, in bytes.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    subscript(path: Octets, coding: ContentCoding?) -> StaticFile? {
        self.entries[Key(path: path, coding: coding)]?.file
    }

    var count: Int { self.entries.count }

    mutating func insert(_ file: StaticFile, _ path: Octets, _ coding: ContentCoding?) {
        guard file.cost <= self.limit else { return }
        self.remove(path, coding)
        let entry = Entry(path, coding, file)
        self.entries[entry.key] = entry
        self.order.append(entry)
        self.cost += file.cost
        while self.cost > self.limit || self.order.count - self.first > 2 * self.entries.count + 16 {
            self.dropOldest()
        }
    }

    mutating func remove(_ path: Octets, _ coding: ContentCoding?) {
        // The entry lives until its turn in `order`: its key may be borrowed by the table until then.
        guard let entry = self.entries.removeValue(forKey: Key(path: path, coding: coding)) else { return }
        self.forget(entry)
    }

    private mutating func forget(_ entry: Entry) {
        self.cost -= entry.file?.cost ?? 0
        entry.file = nil
    }

    private mutating func dropOldest() {
        guard self.first < self.order.count else { return }
        let entry = self.order[self.first]
        self.first += 1
        if self.entries[entry.key] === entry {
            self.entries.removeValue(forKey: entry.key)
            self.forget(entry)
        }
        guard self.first > 64, self.first * 2 > self.order.count else { return }
        self.order.removeFirst(self.first)
        self.first = 0
    }
}
