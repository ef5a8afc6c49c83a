import Foundation
import Glibc
import TestSupport
import Testing

@testable import Wiki

/// Reading and searching entries, including files that were added by hand.
@Suite("Entry folder")
struct EntryFolderTests: EntrySuite {
    let place: TemporaryFolder
    let folder: EntryFolder

    init() throws {
        self.place = try TemporaryFolder()
        self.folder = try EntryFolder(path: "\(self.place.path)/entries", largest: 1000)
    }

    private func texts(_ titles: [EntryTitle]) -> [String] { titles.map(\.text) }
    private func entry(_ title: String) throws -> Entry { try self.folder.entry(EntryTitle(title)) }

    @Test("a missing folder is created with its parents, and reported once")
    func making() throws {
        let path = "\(self.place.path)/a/b/c"
        #expect(try EntryFolder(path: path, largest: 10).wasCreated)
        #expect(try !EntryFolder(path: "\(path)//", largest: 10).wasCreated)
        #expect(try self.folder.titles().isEmpty)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o755)
    }

    @Test("an error while creating a folder names its path and the reason")
    func unmakeable() throws {
        try self.drop("file", "")
        for path in ["\(self.folder.path)/file", "\(self.folder.path)/file/below", ""] {
            #expect {
                try EntryFolder(path: path, largest: 10)
            } throws: { error in
                guard case EntryError.failed(let reason) = error else { return false }
                return reason.hasPrefix("make the folder \(path)") && reason.contains(": ")
            }
        }
    }

    @Test("files left by a killed writer are removed, and no others")
    func stale() throws {
        try self.drop(".new-1-1", "half")
        try self.drop(".new-\(getpid())-999999", "half")
        try self.drop(".hidden", "mine")
        try self.drop("A.md", "a\n")
        #expect(try self.texts(self.folder.titles()) == ["A"])
        _ = try EntryFolder(path: self.folder.path, largest: 10)
        let names = try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
        #expect(Set(names) == [".hidden", ".lock", "A.md"])
    }

    @Test("titles are sorted without regard to case; hidden and other files are ignored")
    func titles() throws {
        for name in ["b.md", "A.md", "C.md", "a.md", "%2Edot.md", ".x.md", "x.txt", "a  z.md", "a z.md"] {
            try self.drop(name, "x")
        }
        #expect(try self.texts(self.folder.titles()) == [".dot", "A", "a", "a z", "b", "C"])
    }

    @Test("a missing folder is an error, not an empty list")
    func gone() throws {
        try FileManager.default.removeItem(atPath: self.folder.path)
        #expect(throws: EntryError.failed("open \(self.folder.path): No such file or directory")) {
            try self.folder.titles()
        }
    }

    @Test("an entry is found in any case and composition, with its own title")
    func finding() throws {
        try self.drop("CSS.md", "style\n")
        try self.drop("cafe\u{301}.md", "coffee\n")
        let css = try self.entry("css")
        #expect(css.title.text == "CSS")
        #expect(css.text == "style\n")
        #expect(css.version == EntryVersion(number: 1, text: "style\n"))
        #expect(css.number == 1)
        let status = try FileManager.default.attributesOfItem(atPath: "\(self.folder.path)/CSS.md")
        #expect(css.time == (status[.modificationDate] as? Date).map { Int($0.timeIntervalSince1970) })
        #expect(try self.entry("CAF\u{c9}").text == "coffee\n")
        #expect(throws: EntryError.missing(try EntryTitle("cs"))) { try self.entry("cs") }
    }

    @Test("of files with one key the exact name wins, else the first; a name that no title gives is read too")
    func twins() throws {
        try self.drop("CSS.md", "upper")
        try self.drop("css.md", "lower")
        try self.drop("100%.md", "all")
        #expect(try self.entry("CSS").text == "upper")
        #expect(try self.entry("css").text == "lower")
        #expect(try self.entry("Css").title.text == "CSS")
        #expect(try self.entry("100%").text == "all")
    }

    @Test("FIFOs and folders are not entries and block nothing; links to files are", .timeLimit(.minutes(1)))
    func kinds() throws {
        let path = self.folder.path
        #expect(mkfifo("\(path)/fifo.md", 0o600) == 0)
        #expect(mkdir("\(path)/folder.md", 0o700) == 0)
        try self.place.write("elsewhere", "linked\n")
        for (name, target) in [("link", "../elsewhere"), ("ring", "ring.md"), ("lost", "nowhere"), ("pipe", "fifo.md")]
        {
            #expect(symlink(target, "\(path)/\(name).md") == 0)
        }
        #expect(try self.texts(self.folder.titles()) == ["link"])
        #expect(try self.entry("link").text == "linked\n")
        for name in ["fifo", "folder", "ring", "lost", "pipe"] {
            #expect(throws: EntryError.missing(try EntryTitle(name))) { try self.entry(name) }
            // They are not overwritten either.
            #expect(throws: EntryError.failed("create \(path)/\(name).md: File exists")) {
                try self.folder.create(EntryTitle(name), "x")
            }
        }
        #expect(try TextFile.read("\(path)/fifo.md", most: 10) == nil)
    }

    @Test("a file that is not text, or is too large, is reported")
    func unreadable() throws {
        let path = self.folder.path
        try Data([0x61, 0xff, 0x62]).write(to: URL(fileURLWithPath: "\(path)/bad.md"))
        try Data([0x61, 0x00, 0x62]).write(to: URL(fileURLWithPath: "\(path)/nul.md"))
        try self.drop("large.md", String(repeating: "a", count: self.folder.largestRead))
        try self.drop("larger.md", String(repeating: "a", count: self.folder.largestRead + 1))
        #expect(truncate("\(path)/nul.md", 1 << 40) == 0 || errno == EFBIG)
        #expect(throws: EntryError.notText) { try self.entry("bad") }
        #expect(try self.entry("large").text.utf8.count == self.folder.largestRead)
        for name in ["larger", "nul"] {
            #expect {
                try self.entry(name)
            } throws: { error in
                guard case EntryError.failed(let reason) = error else { return false }
                return reason.contains("\(path)/\(name).md") && reason.contains("\(self.folder.largestRead)")
            }
        }
        #expect(truncate("\(path)/nul.md", 3) == 0)
        #expect(throws: EntryError.notText) { try self.entry("nul") }
    }

    @Test("a missing permission is reported", .enabled(if: geteuid() != 0, "root may read everything"))
    func permission() throws {
        try self.drop("secret.md", "x")
        chmod("\(self.folder.path)/secret.md", 0)
        #expect(throws: EntryError.failed("open \(self.folder.path)/secret.md: Permission denied")) {
            try self.entry("secret")
        }
        chmod(self.folder.path, 0o500)
        defer { chmod(self.folder.path, 0o700) }
        #expect {
            try self.folder.create(EntryTitle("new"), "x")
        } throws: { error in
            guard case EntryError.failed(let reason) = error else { return false }
            return reason.hasPrefix("create \(self.folder.path)/") && reason.hasSuffix(": Permission denied")
        }
    }

    @Test("a search ignores case, width and white space")
    func search() throws {
        for name in ["CSS", "CSS Grid", "HTML", "ﾊﾟﾝ屋", "Ｗｉｄｅ title", "Café"] { try self.drop("\(name).md", "x") }
        func found(_ text: String) throws -> [String?] {
            let (exact, partial) = try self.folder.search(text)
            return [exact?.text] + self.texts(partial)
        }
        #expect(try found("css") == ["CSS", "CSS Grid"])
        #expect(try found(" ｃｓｓ\u{3000} grid ") == ["CSS Grid"])
        #expect(try found("s g") == [nil, "CSS Grid"])
        #expect(try found("wide  TITLE") == ["Ｗｉｄｅ title"])
        #expect(try found("パン") == [nil, "ﾊﾟﾝ屋"])
        #expect(try found("CAFE\u{301}") == ["Café"])
        #expect(try found("t") == [nil, "HTML", "Ｗｉｄｅ title"])
        #expect(try found("xyz") == [nil])
        #expect(try found(" \n ") == [nil])
        #expect(try found("\u{0}") == [nil])
    }

    @Test("of files with one key a search returns the exact name, and lists the others")
    func searchTwins() throws {
        for name in ["CSS", "css", "ＣＳＳ"] { try self.drop("\(name).md", "x") }
        let (exact, partial) = try self.folder.search("css")
        #expect(exact?.text == "css")
        #expect(self.texts(partial) == ["CSS", "ＣＳＳ"])
        #expect(try self.folder.search("Css").exact?.text == "CSS")
        #expect(try self.folder.search("ｃｓｓ").exact?.text == "ＣＳＳ")
    }
}
