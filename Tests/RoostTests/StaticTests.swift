import Foundation
import HTTPServer
import RoostSettings
import StaticFiles
import TestSupport
import Testing

@testable import Roost

/// Static files over sockets, with slow and hostile files.
@Suite("Static files")
struct StaticTests {
    let folder: TemporaryFolder
    private var files: String { "\(self.folder.path)/files" }

    init() throws {
        self.folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: "\(self.folder.path)/files/css", withIntermediateDirectories: true)
        try self.write("a.txt", "hello")
        try self.write("index.html", "<p>index</p>")
        try self.write("css/site.0123abcd.css", "p {}")
        try self.write(".secret", "secret")
    }

    /// Writes a file that is old enough to be cached.
    private func write(_ name: String, _ text: String) throws {
        try self.folder.write("files/\(name)", text)
        try self.age(name)
    }

    private func age(_ name: String, seconds: Double = 100) throws {
        let date = Date(timeIntervalSinceNow: -seconds)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(self.files)/\(name)")
    }

    private func serve(
        _ path: String = "/static", _ change: (inout StaticFolder) -> Void = { _ in },
        configure: (inout HostConfiguration) throws -> Void = { _ in }
    ) async throws -> ServedHost {
        var files = StaticFolder(path: self.files)
        change(&files)
        return try await ServedHost([], in: self.folder) {
            $0.statics = [try StaticEntry(path: path, folder: files)]
            $0.staticSettling = 0
            try configure(&$0)
        }
    }

    private func get(
        _ served: ServedHost, _ target: String, _ lines: String..., method: String = "GET"
    ) throws -> Response {
        let client = try served.client()
        client.send("\(method) \(target) HTTP/1.1\r\nhost: x\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n")
        return try client.readResponse(isHead: method == "HEAD")
    }

    @Test("a file has its type, its length and validators, and is not guessed at")
    func whole() async throws {
        try await withServedHost(self.serve()) { served in
            for _ in 1...3 {
                let response = try self.get(served, "/static/a.txt")
                #expect((response.status, response.text) == (200, "hello"))
                #expect(response.header("content-type") == "text/plain; charset=utf-8")
                #expect(response.header("content-length") == "5")
                #expect(response.header("x-content-type-options") == "nosniff")
                #expect(response.header("accept-ranges") == "bytes")
                #expect(response.header("cache-control") == nil && response.header("vary") == nil)
                let tag = try #require(response.header("etag"))
                let date = try #require(response.header("last-modified"))
                #expect(try self.get(served, "/static/a.txt", "if-none-match: \(tag)").status == 304)
                #expect(try self.get(served, "/static/a.txt", "if-modified-since: \(date)").status == 304)
                #expect(try self.get(served, "/static/a.txt", "if-match: \"x\"").status == 412)
            }
            let head = try self.get(served, "/static/a.txt", method: "HEAD")
            #expect((head.status, head.header("content-length"), head.text) == (200, "5", ""))
        }
    }

    @Test("404 for paths of no regular file, 405 for other methods")
    func missing() async throws {
        #expect(mkfifo("\(self.files)/fifo", 0o644) == 0)
        for (name, target) in [("out", "/etc/passwd"), ("up", "../secret"), ("in", "a.txt"), ("loop", "loop")] {
            try FileManager.default.createSymbolicLink(atPath: "\(self.files)/\(name)", withDestinationPath: target)
        }
        try self.folder.write("secret", "secret")
        try await withServedHost(self.serve()) { served in
            for path in [
                "none", ".secret", "../secret", "%2e%2e/secret", "css/../a.txt", "css//site.0123abcd.css", "css",
                "css/", "", "fifo",
                "out", "up", "loop", "a.txt/", "a.txt/x", String(repeating: "x", count: 300), "a.txt%5c", "a%00.txt",
            ] {
                let status = try self.get(served, "/static/\(path)").status
                #expect(status == (path.contains("%00") ? 400 : 404), "\(path)")
            }
            #expect(try self.get(served, "/static").status == 404)
            #expect(try self.get(served, "/staticx").status == 404)
            // A link that stays in the folder is followed.
            #expect(try self.get(served, "/static/in").text == "hello")
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
                let refused = try self.get(served, "/static/a.txt", "content-length: 0", method: method)
                #expect((refused.status, refused.header("allow")) == (405, "GET, HEAD"), "\(method)")
            }
        }
    }

    @Test("a part of a small and of a large file; a range beyond the end gets 416")
    func ranges() async throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(self.files)/large.bin"))
        try await withServedHost(self.serve()) { served in
            let small = try self.get(served, "/static/a.txt", "range: bytes=1-2")
            #expect((small.status, small.text, small.header("content-range")) == (206, "el", "bytes 1-2/5"))
            for _ in 1...2 {
                let part = try self.get(served, "/static/large.bin", "range: bytes=1000000-2999998")
                #expect(part.status == 206 && part.body == Array(bytes[1_000_000...2_999_998]))
                #expect(part.header("content-range") == "bytes 1000000-2999998/3000000")
                #expect(part.header("content-length") == "1999999")
                let whole = try self.get(served, "/static/large.bin")
                #expect(whole.status == 200 && whole.body == bytes && whole.header("content-length") == "3000000")
            }
            let beyond = try self.get(served, "/static/a.txt", "range: bytes=5-")
            #expect((beyond.status, beyond.header("content-range")) == (416, "bytes */5"))
            #expect(beyond.header("cache-control") == nil && beyond.header("content-type") == nil)
            let head = try self.get(served, "/static/large.bin", method: "HEAD")
            #expect((head.status, head.header("content-length")) == (200, "3000000"))
        }
    }

    @Test("a replaced or rewritten file is sent at once, a removed one no longer", arguments: [0, 2])
    func changes(settling: Int) async throws {
        try await withServedHost(
            self.serve { _ in
            } configure: {
                $0.staticSettling = settling
            }
        ) { served in
            let tag = try self.get(served, "/static/a.txt").header("etag")
            for text in ["other", "longer text", ""] {
                try self.folder.write("files/a.txt", text)
                let response = try self.get(served, "/static/a.txt")
                #expect(response.text == text)
                #expect(response.header("etag") != tag)
            }
            try self.write("a.txt", "again")
            #expect(try self.get(served, "/static/a.txt").text == "again")
            try FileManager.default.removeItem(atPath: "\(self.files)/a.txt")
            #expect(try self.get(served, "/static/a.txt").status == 404)
        }
    }

    @Test("a stored coding is sent to clients that accept it, unless it is older than the file")
    func codings() async throws {
        try self.write("a.txt.gz", "gzipped")
        try self.write("a.txt.br", "brotli")
        try self.age("a.txt", seconds: 200)
        try self.age("a.txt.br", seconds: 300)
        try await withServedHost(self.serve()) { served in
            for _ in 1...3 {
                let coded = try self.get(served, "/static/a.txt", "accept-encoding: br, gzip")
                #expect((coded.text, coded.header("content-encoding")) == ("gzipped", "gzip"))
                #expect(coded.header("content-type") == "text/plain; charset=utf-8")
                #expect(coded.header("vary") == "accept-encoding")
                let tag = try #require(coded.header("etag"))
                #expect(
                    try self.get(served, "/static/a.txt", "accept-encoding: gzip", "if-none-match: \(tag)").status
                        == 304)
                let plain = try self.get(served, "/static/a.txt", "if-none-match: \(tag)")
                #expect((plain.status, plain.text, plain.header("vary")) == (200, "hello", "accept-encoding"))
                #expect(plain.header("content-encoding") == nil)
            }
            // By its own name it is a file like others.
            let own = try self.get(served, "/static/a.txt.gz")
            #expect((own.header("content-type"), own.header("content-encoding")) == ("application/gzip", nil))
        }
    }

    @Test("index, redirect to it, fallback for pages, caching by name")
    func options() async throws {
        let serve = {
            try await self.serve("/") {
                $0.index = "index.html"
                $0.fallback = "index.html"
                $0.immutable = ["hashed"]
                $0.maxAge = 60
            }
        }
        try await withServedHost(serve()) { served in
            #expect(try self.get(served, "/").text == "<p>index</p>")
            let moved = try self.get(served, "/css?a=b")
            #expect((moved.status, moved.header("location")) == (301, "/css/?a=b"))
            #expect(
                try self.get(served, "/css/site.0123abcd.css").header("cache-control")
                    == "public, max-age=31536000, immutable")
            #expect(try self.get(served, "/a.txt").header("cache-control") == "public, max-age=60")
            for target in ["/users/ada", "/users/", "/a.b/c"] {
                #expect(try self.get(served, target).text == "<p>index</p>", "\(target)")
            }
            #expect(try self.get(served, "/users/ada.lovelace", "accept: text/html,*/*").text == "<p>index</p>")
            #expect(try self.get(served, "/missing.js").status == 404)
            #expect(try self.get(served, "/.secret").status == 404)
            for target in ["//evil.example/css", "/\\evil.example"] {
                #expect(try self.get(served, target).header("location") == nil)
            }
        }
    }

    @Test("a stored coding of the fallback is not taken for that of a file that is added later")
    func fallbackCoding() async throws {
        try self.write("index.html.gz", "gzipped index")
        try self.age("index.html", seconds: 300)
        let serve = {
            try await self.serve("/") {
                $0.index = "index.html"
                $0.fallback = "index.html"
            }
        }
        try await withServedHost(serve()) { served in
            let get = { try self.get(served, "/guide.html", "accept: text/html", "accept-encoding: gzip").text }
            for _ in 1...3 { #expect(try get() == "gzipped index") }
            try self.write("guide.html", "guide")
            #expect(try get() == "guide")
            try self.write("guide.html.gz", "gzipped guide")
            try self.age("guide.html", seconds: 300)
            while try get() != "gzipped guide" {}
        }
    }

    @Test("files of the same size and time have different tags")
    func tags() async throws {
        for (name, text) in [("one.txt", "111"), ("two.txt", "222")] {
            try self.folder.write("files/\(name)", text)
            let date = Date(timeIntervalSince1970: 1)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(self.files)/\(name)")
        }
        try await withServedHost(self.serve()) { served throws in
            let tags = try ["one.txt", "two.txt"].map { try self.get(served, "/static/\($0)").header("etag") }
            #expect(tags[0] != tags[1])
        }
    }

    @Test("a redirect has the prefix that proxies have removed")
    func prefix() async throws {
        try self.write("css/index.html", "css")
        let serve = {
            try await self.serve("/static", { $0.index = "index.html" }) {
                $0.rootPath = "/a b"
                $0.server.forwarding?.evaluatesPrefix = true
            }
        }
        try await withServedHost(serve()) { served in
            let moved = try self.get(served, "/static/css", "x-forwarded-prefix: /app")
            #expect(moved.header("location") == "/app/a%20b/static/css/")
            #expect(try self.get(served, "/static/css/").text == "css")
            // Links of the index are relative to the folder.
            #expect(try self.get(served, "/static").header("location") == "/a%20b/static/")
        }
    }

    @Test("the cache keeps within its limit, with many names and without memory", arguments: [0, 20_000])
    func limit(bytes: Int) async throws {
        for number in 0..<300 { try self.write("css/\(number).css", "p\(number) {}") }
        try await withServedHost(
            self.serve { _ in
            } configure: {
                $0.staticCache = bytes
            }
        ) { served in
            let client = try served.client()
            for _ in 1...2 {
                for number in 0..<300 {
                    client.send("GET /static/css/\(number).css HTTP/1.1\r\nhost: x\r\n\r\n")
                    #expect(try client.readResponse().text == "p\(number) {}")
                }
            }
        }
    }

    @Test("a client that disconnects, or reads slowly, is no burden; a file that becomes shorter ends the connection")
    func slow() async throws {
        let size = 20_000_000
        #expect(FileManager.default.createFile(atPath: "\(self.files)/sparse.bin", contents: nil))
        #expect(truncate("\(self.files)/sparse.bin", off_t(size)) == 0)
        try await withServedHost(self.serve()) { served in
            for _ in 0..<5 {
                let client = try served.client()
                client.send("GET /static/sparse.bin HTTP/1.1\r\nhost: x\r\n\r\n")
                _ = try client.readMore()
                client.close()
            }
            let whole = try self.get(served, "/static/sparse.bin")
            #expect(whole.body.count == size)
            // The response has begun, and the client has not read all of it.
            let client = try served.client()
            client.send("GET /static/sparse.bin HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try client.readMore(most: 1000)
            #expect(truncate("\(self.files)/sparse.bin", 1000) == 0)
            var received = client.received.count
            do { while try client.readMore() { received = client.received.count } } catch {}
            #expect(received < size)
            #expect(try self.get(served, "/static/a.txt").text == "hello")
        }
    }

    @Test("a folder that is missing is logged, and served once it exists; a switched link leads to the new folder")
    func folders() async throws {
        let entry = { StaticFolder(path: "\(self.folder.path)/current") }
        let serve = {
            try await ServedHost([], in: self.folder) {
                $0.statics = [try StaticEntry(path: "/static", folder: entry())]
            }
        }
        try await withServedHost(serve()) { served in
            #expect(try self.get(served, "/static/a.txt").status == 404)
            await served.log.wait(for: "file not readable")
            for name in ["one", "two"] {
                try self.folder.write("\(name)/a.txt", name)
                let link = "\(self.folder.path)/new"
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: name)
                #expect(rename(link, "\(self.folder.path)/current") == 0)
                while try self.get(served, "/static/a.txt").text != name {}
            }
        }
    }
}
