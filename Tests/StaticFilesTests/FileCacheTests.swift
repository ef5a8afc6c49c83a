import CLinux
import HTTPServer
import Testing

@testable import StaticFiles

@Suite("File cache")
struct FileCacheTests {
    private func file(_ name: String, size: Int) -> StaticFile {
        var facts = roost_file_facts()
        facts.size = Int64(size)
        return StaticFile(
            name: name, identity: FileIdentity(facts), coding: nil, codings: [],
            contents: .allocate(byteCount: size, alignment: 1), checked: 0, StaticFolder(path: "/"))
    }

    @Test("files are found by path and coding, and replaced")
    func lookup() {
        var cache = FileCache(limit: 100_000)
        let (one, two) = (self.file("a", size: 10), self.file("a", size: 20))
        withOctets("a") { path in
            cache.insert(one, path, nil)
            #expect(cache[path, nil] === one && cache[path, .gzip] == nil)
            cache.insert(two, path, .gzip)
            #expect(cache[path, nil] === one && cache[path, .gzip] === two)
            cache.insert(two, path, nil)
            #expect(cache[path, nil] === two && cache.count == 2)
            cache.remove(path, nil)
            #expect(cache[path, nil] == nil && cache[path, .gzip] === two)
        }
        withOctets("") { #expect(cache[$0, nil] == nil) }
    }

    @Test("the oldest files are dropped at the limit; a larger file is not kept; memory is released")
    func limit() {
        var cache = FileCache(limit: 10_000)
        weak var dropped: StaticFile?
        for number in 0..<1000 {
            let file = self.file("\(number)", size: 1000)
            if number == 0 { dropped = file }
            withOctets("\(number)") { cache.insert(file, $0, nil) }
            #expect(cache.count <= 10)
        }
        #expect(dropped == nil)
        withOctets("999") { #expect(cache[$0, nil] != nil) }
        withOctets("0") { #expect(cache[$0, nil] == nil) }
        withOctets("large") {
            cache.insert(self.file("large", size: 10_000), $0, nil)
            #expect(cache[$0, nil] == nil)
        }
        // The same path again and again.
        for _ in 0..<1000 { withOctets("999") { cache.insert(self.file("999", size: 1000), $0, nil) } }
        #expect(cache.count <= 10)
    }
}
