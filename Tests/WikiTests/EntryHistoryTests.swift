import Foundation
import Glibc
import TestSupport
import Testing

@testable import Wiki

/// The versions of an entry, and the changes of all entries.
@Suite("Entry history")
struct EntryHistoryTests: EntrySuite {
    let place: TemporaryFolder
    let folder: EntryFolder

    init() throws {
        self.place = try TemporaryFolder()
        self.folder = try EntryFolder(path: "\(self.place.path)/entries", largest: 100_000)
    }

    private func setTime(_ name: String, _ seconds: Int, _ nanoseconds: Int = 0) {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        #expect(utimensat(AT_FDCWD, "\(self.path)/\(name)", [time, time], 0) == 0)
    }

    @Test("restoring an old text creates a new version")
    func restoring() throws {
        let first = try self.folder.create(self.title(), "one")
        let second = try self.folder.edit(first.title, "two", base: first.version)
        #expect(try self.folder.restore(self.title("LOG"), 2, base: second.version) == second)
        let third = try self.folder.restore(self.title("LOG"), 1, base: second.version)
        #expect(third.text == "one\n")
        #expect(third.number == 3)
        #expect(try self.folder.restore(first.title, 1, base: third.version).number == 3)
        #expect(try self.texts(first.title) == ["one\n", "two\n", "one\n"])
        #expect(throws: EntryError.noVersion(first.title, 4)) {
            try self.folder.restore(first.title, 4, base: third.version)
        }
    }

    @Test("times are those of the files; a history is sorted by number, all changes by time and number")
    func times() throws {
        let log = try self.title()
        var entry = try self.folder.create(log, "one")
        for text in ["two", "three"] { entry = try self.folder.edit(log, text, base: entry.version) }
        _ = try self.folder.create(self.title("Old"), "x")
        self.setTime(".history/Log/000001.md", 5000)
        self.setTime(".history/Log/000002.md", 3000)
        self.setTime("Log.md", 3000)
        self.setTime("Old.md", 1000, 999_999_999)
        func lines(_ changes: [Change]) -> [String] {
            changes.map { "\($0.title.text) \($0.number) \($0.time)\($0.isCurrent ? " current" : "")" }
        }
        #expect(try lines(self.folder.history(log)) == ["Log 3 3000 current", "Log 2 3000", "Log 1 5000"])
        #expect(try self.folder.version(log, 1).time == 5000)
        let all = ["Log 1 5000", "Log 3 3000 current", "Log 2 3000", "Old 1 1000 current"]
        #expect(try lines(self.folder.changes(limit: 100)) == all)
        #expect(try lines(self.folder.changes(limit: 3)) == Array(all[..<3]))
        #expect(try lines(self.folder.changes(limit: 1)) == ["Log 3 3000 current"])
        #expect(try self.folder.changes(limit: 0).isEmpty)
        self.setTime("Old.md", 3000, 1)
        #expect(try lines(self.folder.changes(limit: 2)) == ["Old 1 3000 current", "Log 3 3000 current"])
    }

    @Test("a history continues after its highest number, whatever files it contains")
    func oddHistory() throws {
        let first = try self.folder.create(self.title(), "one")
        for name in ["000007.md", "1000000.md"] { try self.drop(".history/Log/\(name)", "x\n") }
        for name in ["8.md", "0000009.md", "00001x.md", "000010.txt", "-00011.md", "0000000.md", "２00000.md"] {
            try self.drop(".history/Log/\(name)", "x\n")
        }
        #expect(mkdir("\(self.path)/.history/Log/1000001.md", 0o700) == 0)
        let next = try self.folder.edit(first.title, "two", base: self.folder.entry(first.title).version)
        #expect(next.number == 1_000_003)
        #expect(try self.numbers(first.title) == [1_000_003, 1_000_002, 1_000_000, 7])
        #expect(throws: EntryError.noVersion(first.title, 8)) { try self.folder.version(first.title, 8) }
    }

    @Test("a history continues after its entry was removed by hand")
    func removed() throws {
        let first = try self.folder.create(self.title(), "one")
        _ = try self.folder.edit(first.title, "two", base: first.version)
        #expect(unlink("\(self.path)/Log.md") == 0)
        #expect(throws: EntryError.missing(first.title)) { try self.folder.entry(first.title) }
        #expect(try self.folder.create(first.title, "three").number == 2)
        #expect(try self.texts(first.title) == ["three\n", "one\n"])
    }
}
