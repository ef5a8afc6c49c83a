import Foundation
import Glibc
import TestSupport
import Testing

@testable import Wiki

/// Writing entries, refused writes, and the state after a kill.
@Suite("Writing entries")
struct EntryWritingTests: EntrySuite {
    let place: TemporaryFolder
    let folder: EntryFolder

    init() throws {
        self.place = try TemporaryFolder()
        self.folder = try EntryFolder(path: "\(self.place.path)/entries", largest: 100_000)
    }

    private func names(_ below: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(self.path)\(below)").sorted()
    }

    @Test("an entry is created once, whatever its case, and leaves no other file")
    func creating() throws {
        let made = try self.folder.create(self.title("C/C++"), "text")
        #expect(made == (try self.folder.entry(self.title("c/c++"))))
        #expect(made.number == 1)
        #expect(made.text == "text\n")
        #expect(abs(made.time - time(nil)) < 3600)
        #expect(try self.names() == [".lock", "C%2FC++.md"])
        let error = #expect(throws: EntryError.self) { try self.folder.create(self.title("c/C++"), "other") }
        guard case .exists(let there) = error else { Issue.record("\(String(describing: error))"); return }
        #expect(there.text == "C/C++")
        #expect(try self.folder.entry(self.title("C/C++")).text == "text\n")
        #expect(try self.names() == [".lock", "C%2FC++.md"])
    }

    @Test(
        "line ends become LF, and a text that is not empty ends with one",
        arguments: [
            ("", ""), ("\n", ""), ("\r\n\r\n", ""), ("a", "a\n"), ("a\n", "a\n"), ("a\n\n\n", "a\n"),
            ("a\r\nb\rc", "a\nb\nc\n"),
            ("a\r\r\n\nb", "a\n\n\nb\n"), ("a\n\rb", "a\n\nb\n"), ("\n a ", "\n a \n"), ("\u{feff}é", "\u{feff}é\n"),
        ])
    func normalizing(_ text: String, _ written: String) throws {
        #expect(try Array(self.folder.create(self.title(), text).text.utf8) == Array(written.utf8))
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: "\(self.path)/Log.md"))) == Array(written.utf8))
    }

    @Test("a text that is too large, or contains NUL, is refused and changes nothing")
    func refused() throws {
        let base = try self.folder.create(self.title(), "a").version
        let large = String(repeating: "a", count: self.folder.largest)
        for text in [large, "\(large)a", "é\(large)"] {
            #expect(throws: EntryError.tooLarge(limit: 100_000)) { try self.folder.create(self.title("new"), text) }
            #expect(throws: EntryError.tooLarge(limit: 100_000)) {
                try self.folder.edit(self.title(), text, base: base)
            }
        }
        #expect(throws: EntryError.notText) { try self.folder.create(self.title("new"), "a\u{0}") }
        #expect(throws: EntryError.notText) { try self.folder.edit(self.title(), "a\u{0}", base: base) }
        #expect(try self.folder.edit(self.title(), String(large.dropLast()), base: base).number == 2)
        #expect(try self.names() == [".history", ".lock", "Log.md"])
    }

    @Test("an edit creates a new version and keeps the old one")
    func editing() throws {
        let first = try self.folder.create(self.title("C/C++"), "one")
        let second = try self.folder.edit(self.title("c/c++"), "two", base: first.version)
        #expect(second.title.text == "C/C++")
        #expect(second.number == 2)
        #expect(second == (try self.folder.entry(self.title("C/C++"))))
        #expect(try self.folder.version(self.title("c/c++"), 1) == first)
        #expect(try self.folder.version(self.title("c/c++"), 2) == second)
        #expect(try self.names() == [".history", ".lock", "C%2FC++.md"])
        #expect(try self.names("/.history/C%2FC++") == ["000001.md"])
        for number in [0, -1, 3, .max, .min] {
            #expect(throws: EntryError.noVersion(first.title, number)) {
                try self.folder.version(first.title, number)
            }
        }
        #expect(throws: EntryError.missing(try self.title("no"))) { try self.folder.version(self.title("no"), 1) }
        #expect(throws: EntryError.missing(try self.title("no"))) { try self.folder.history(self.title("no")) }
        #expect(throws: EntryError.missing(try self.title("no"))) {
            try self.folder.edit(self.title("no"), "x", base: first.version)
        }
    }

    @Test("an edit based on an older text is a conflict, and the error contains the current entry")
    func conflicts() throws {
        let first = try self.folder.create(self.title(), "one")
        let second = try self.folder.edit(first.title, "two", base: first.version)
        #expect(throws: EntryError.conflict(current: second)) {
            try self.folder.edit(first.title, "three", base: first.version)
        }
        #expect(throws: EntryError.conflict(current: second)) {
            try self.folder.restore(first.title, 1, base: first.version)
        }
        #expect(try self.texts(first.title) == ["two\n", "one\n"])
        // Edits by hand conflict too.
        try self.drop("Log.md", "by hand")
        let error = #expect(throws: EntryError.self) { try self.folder.edit(first.title, "x", base: second.version) }
        guard case .conflict(let current) = error else { Issue.record("\(String(describing: error))"); return }
        #expect(current.text == "by hand")
    }

    @Test("an unchanged text creates no version; the same letters in another composition do")
    func same() throws {
        let first = try self.folder.create(self.title(), "caf\u{e9}\nb")
        #expect(try self.folder.edit(first.title, "caf\u{e9}\r\nb\n\n", base: first.version) == first)
        #expect(try self.numbers(first.title) == [1])
        #expect(try self.folder.edit(first.title, "cafe\u{301}\nb", base: first.version).number == 2)
        try self.drop("Hand.md", "by hand")
        let hand = try self.folder.entry(self.title("Hand"))
        #expect(try self.folder.edit(hand.title, "by hand\n", base: hand.version) == hand)
    }

    @Test(
        "a title reaches nothing outside of the folder",
        arguments: [
            "../../etc/passwd", ".a", "..a", ".history", ".lock", "a/b", "/etc/passwd", "%2e%2e", "..%2f..",
            ".\u{301}./x",
            "../entries/../out",
        ])
    func hostile(_ text: String) throws {
        let title = try self.title(text)
        let first = try self.folder.create(title, "one")
        _ = try self.folder.edit(title, "two", base: first.version)
        #expect(try self.texts(title) == ["two\n", "one\n"])
        #expect(try self.folder.titles() == [title])
        #expect(try self.names().filter { !$0.utf8.starts(with: ".".utf8) }.count == 1)
        #expect(try self.names("/.history").count == 1)
        #expect(try self.names("/..") == ["entries"])
    }

    @Test("a file added by hand keeps its name, its text and its time as the first version")
    func byHand() throws {
        try self.drop("100%.md", "a\r\nb")
        let time = timespec(tv_sec: 1000, tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, "\(self.path)/100%.md", [time, time], 0) == 0)
        let hand = try self.folder.entry(self.title("100%"))
        #expect(hand.text == "a\r\nb")
        #expect(try self.folder.edit(hand.title, "c", base: hand.version).number == 2)
        #expect(try self.names() == [".history", ".lock", "100%.md"])
        #expect(try self.folder.version(hand.title, 1) == hand)
        #expect(hand.time == 1000)
        #expect(throws: EntryError.exists(hand.title)) { try self.folder.create(hand.title, "x") }
    }

    @Test("an edit of a link keeps the linked text as a version and does not change the linked file")
    func links() throws {
        let target = try self.place.write("elsewhere", "one\n")
        #expect(symlink("../elsewhere", "\(self.path)/Log.md") == 0)
        #expect(
            utimensat(AT_FDCWD, target, [timespec](repeating: timespec(tv_sec: 1000, tv_nsec: 5), count: 2), 0) == 0)
        let first = try self.folder.entry(self.title())
        _ = try self.folder.edit(first.title, "two", base: first.version)
        try "changed".write(toFile: target, atomically: false, encoding: .utf8)
        #expect(try self.texts(first.title) == ["two\n", "one\n"])
        #expect(try self.folder.version(first.title, 1).time == 1000)
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "changed")
    }

    @Test("a kill between the history link and the new text leaves one version; the next edit reuses the link")
    func killedBetween() throws {
        let first = try self.folder.create(self.title(), "one")
        let second = try self.folder.edit(first.title, "two", base: first.version)
        #expect(link("\(self.path)/Log.md", "\(self.path)/.history/Log/000002.md") == 0)
        try self.drop(".new-1-1", "three\n")
        let again = try EntryFolder(path: self.path, largest: 1000)
        #expect(try again.history(first.title).map(\.number) == [2, 1])
        #expect(try again.history(first.title).map(\.isCurrent) == [true, false])
        #expect(try again.changes(limit: 10).map(\.number) == [2, 1])
        #expect(try again.entry(first.title) == second)
        #expect(try again.version(first.title, 2) == second)
        #expect(throws: EntryError.noVersion(first.title, 3)) { try again.version(first.title, 3) }
        #expect(try again.edit(first.title, "three", base: second.version).number == 3)
        #expect(try self.texts(first.title) == ["three\n", "two\n", "one\n"])
        #expect(try self.names() == [".history", ".lock", "Log.md"])
        #expect(try self.names("/.history/Log") == ["000001.md", "000002.md"])
    }

    @Test("an existing temporary file of the same name is no obstacle")
    func temporaryThere() throws {
        // A process in another container may have our process ID.
        let next = try NewFile("", in: self.place.path).path.split(separator: "-").last.flatMap { Int($0) } ?? 0
        for number in next..<(next + 200) { try self.drop(".new-\(getpid())-\(number)", "theirs") }
        #expect(try self.folder.create(self.title(), "mine").text == "mine\n")
        #expect(try self.folder.entry(self.title()).text == "mine\n")
    }
}
