import Testing

@testable import Wiki

/// Valid titles, equal titles, and the names of their files.
@Suite("Titles")
struct EntryTitleTests {
    private func title(_ text: String) throws -> EntryTitle { try EntryTitle(text) }

    @Test("white space is trimmed and collapsed")
    func whiteSpace() throws {
        #expect(try self.title("  Hello \t\u{a0}\u{3000}\r\n World \n").text == "Hello World")
        // A space with a combining mark is still white space.
        #expect(try Array(self.title("a  \u{301}b").text.unicodeScalars) == ["a", " ", "\u{301}", "b"])
    }

    @Test(
        "a title that cannot be shown on one line is refused",
        arguments: [
            "", " \t\n\u{a0}", "a\u{0}b", "a\u{7}", "\u{7f}a", "a\u{85}b", "a\u{2028}b", "\u{2029}a", "\u{202a}a",
            "a\u{202e}b",
            "\u{2066}a", "a\u{2069}",
        ])
    func refused(_ text: String) {
        #expect {
            try EntryTitle(text)
        } throws: { error in
            guard case EntryError.invalidTitle(let reason) = error else { return false }
            return reason.contains("title")
        }
    }

    @Test("the reason names the control character")
    func reason() {
        #expect(throws: EntryError.invalidTitle("a title cannot contain the control character U+0007")) {
            try EntryTitle("a\u{7}")
        }
    }

    @Test("direction marks that embed nothing are not control characters")
    func marks() throws { #expect(try self.title("a\u{200f}\u{61c}").text.unicodeScalars.count == 3) }

    @Test("a file name has at most 200 bytes without .md, escapes included")
    func length() throws {
        #expect(try self.title(String(repeating: "é", count: 100)).fileName.utf8.count == 203)
        #expect(try self.title(String(repeating: "/", count: 66) + "ab").fileName.utf8.count == 203)
        for text in [
            String(repeating: "é", count: 300), String(repeating: "a", count: 201),
            String(repeating: "/", count: 67),
        ] {
            #expect {
                try EntryTitle(text)
            } throws: { error in
                guard case EntryError.invalidTitle(let reason) = error else { return false }
                return reason.contains("too long") && reason.contains("200")
            }
        }
    }

    @Test("titles that differ only in case and composition are equal, others are not")
    func equality() throws {
        #expect(try self.title("CSS") == self.title("css"))
        #expect(try self.title("CSS").hashValue == self.title("css").hashValue)
        #expect(try self.title("CAF\u{c9}") == self.title("cafe\u{301}"))
        #expect(try self.title("CAF\u{c9}").hashValue == self.title("cafe\u{301}").hashValue)
        #expect(try self.title("cafe") != self.title("caf\u{e9}"))
        #expect(try self.title("CSS").key == "css")
        #expect(try self.title("CSS").text == "CSS")
    }

    @Test("titles are ordered by key, then by text, then by bytes")
    func order() throws {
        let titles = try ["b", "a", "A", "\u{e9}", "e\u{301}", "C"].map(self.title)
        let sorted = titles.sorted { $0.precedes($1) }.map { Array($0.text.utf8) }
        #expect(sorted == ["A", "a", "b", "C", "e\u{301}", "\u{e9}"].map { Array($0.utf8) })
    }

    @Test(
        "a title names a file in the folder and nothing else",
        arguments: [
            ("C/C++", "C%2FC++.md"), ("100%", "100%25.md"),
            ("...a.b", "%2E..a.b.md"),
            (".history", "%2Ehistory.md"), (".lock", "%2Elock.md"), ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.md"),
            ("a/b", "a%2Fb.md"), ("/a", "%2Fa.md"), ("%2e%2e", "%252e%252e.md"), ("a.md", "a.md.md"), ("C#", "C#.md"),
            // An accent makes another character of it, but not another byte.
            ("/\u{301}", "%2F\u{301}.md"), (".\u{301}", "%2E\u{301}.md"), ("日本", "日本.md"),
        ])
    func fileName(_ text: String, _ name: String) throws {
        let title = try self.title(text)
        #expect(Array(title.fileName.utf8) == Array(name.utf8))
        let again = try #require(EntryTitle(fileName: name))
        #expect(Array(again.text.utf8) == Array(text.utf8))
    }

    @Test(
        "a file that is not an entry has no title",
        arguments: [
            "", ".md", "a", "a.txt", "a.MD", "md", ".a.md", ".lock", ".new-1-1", " .md", "%2e%2e.md", "\u{200b}.md",
            "a\u{7}.md", "a%00b.md",
            "a%0a%07.md",
            ".\u{301}.md",
        ])
    func noEntry(_ name: String) { #expect(EntryTitle(fileName: name) == nil) }

    @Test(
        "names of files added by hand are decoded leniently",
        arguments: [
            ("100%.md", "100%"), ("50% off.md", "50% off"), ("%.md", "%"), ("%4.md", "%4"), ("%zz.md", "%zz"),
            ("%+1.md", "%+1"), ("%41.md", "A"), ("%c3%a9.md", "é"), ("%FF.md", "%FF"), ("a  b.md", "a b"),
            ("%2e%2ea.md", "..a"),
        ])
    func lenient(_ name: String, _ text: String) { #expect(EntryTitle(fileName: name)?.text == text) }

    @Test("a version is the FNV-1a hash of the bytes, in 16 digits")
    func version() throws {
        #expect(TextHash(of: "").description == "cbf29ce484222325")
        #expect(TextHash(of: "foobar").description == "85944171f73967e8")
        #expect(TextHash(of: "\u{e9}") != TextHash(of: "e\u{301}"))
        #expect(TextHash("85944171F73967e8") == TextHash(of: "foobar"))
        #expect(TextHash("000000000000000a")?.description == "000000000000000a")
        for hex in ["", "85944171f73967e", "85944171f73967e80", "+5944171f73967e8", "85944171f73967eg"] {
            #expect(TextHash(hex) == nil)
        }
    }
}
