import Foundation
import RoostSettings
import RoostSystem
import Testing

@testable import HTTPServer
@testable import ModuleRuntime

/// The mount that answers a request, without a socket.
@Suite("Mount table")
struct MountTableTests {
    /// `mounts`: paths, each followed by its host names: "/wiki", "/ @a.example @*.b.example".
    private func table(_ mounts: [String]) throws -> MountTable {
        MountTable(
            try mounts.enumerated().map { number, text in
                let words = text.components(separatedBy: " @")
                let hosts = try words.dropFirst().map { try HostPattern($0) }
                return Mounted(
                    number: UInt32(number + 1), mount: try Mount(path: words[0], hosts: hosts),
                    answerer: StandIn(.notStarted))
            })
    }

    private func head(_ target: String, host: String) throws -> RequestHead {
        let head = RequestHead()
        var parser = HTTP1Parser(limits: HTTP1Limits())
        let bytes = Array("GET \(target) HTTP/1.1\r\nhost: \(host)\r\n\r\n".utf8)
        guard case .complete = bytes.withUnsafeBytes({ parser.parse($0, into: head) }) else {
            throw HostError(code: .usage, message: "\(target) is no request")
        }
        return head
    }

    /// The description of the mount, or the status of the response if there is none.
    private func found(_ target: String, host: String = "x", in table: MountTable) throws -> String {
        let head = try self.head(target, host: host)
        return withExtendedLifetime(head) { self.found(head, in: table) }
    }

    private func found(_ head: RequestHead, in table: MountTable) -> String {
        guard let mounted = table.mounted(for: head) else {
            switch table.absence(of: head) {
            case .notFound: return "404"
            case .misdirected: return "421"
            default: return "?"
            }
        }
        return mounted.takeUnretainedValue().mount.description
    }

    @Test("the longest prefix of whole segments is chosen")
    func paths() throws {
        let table = try self.table(["/wiki", "/wiki/admin", "/a b", "/ü/ß", "/Wiki"])
        for (target, mount) in [
            ("/wiki", "/wiki"), ("/wiki/", "/wiki"), ("/wiki/page", "/wiki"), ("/wiki?x=/wiki/admin", "/wiki"),
            ("/wiki/admin", "/wiki/admin"), ("/wiki/admin/", "/wiki/admin"), ("/wiki/administration", "/wiki"),
            ("/wikis", "404"), ("/wik", "404"), ("/", "404"), ("/Wiki/admin", "/Wiki"), ("/WIKI", "404"),
            ("/a%20b/c", "/a b"), ("/a+b", "404"), ("/%C3%BC/%C3%9F", "/ü/ß"), ("/%c3%bc/%c3%9f/x", "/ü/ß"),
            ("/%77iki/%61dmin", "/wiki/admin"), ("/wiki/%61dmin%2fx", "/wiki"),
        ] { #expect(try self.found(target, in: table) == mount, "\(target)") }
    }

    @Test("dot segments, encoded slashes and empty segments never reach another mount")
    func escapes() throws {
        let table = try self.table(["/wiki", "/secret"])
        for (target, mount) in [
            ("/wiki/../secret", "/wiki"), ("/wiki/%2e%2e/secret", "/wiki"), ("/wiki/..%2fsecret", "/wiki"),
            ("/./secret", "404"), ("/../secret", "404"), ("/%2e/secret", "404"), ("//secret", "404"),
            ("/%2fsecret", "404"), ("/x%2f..%2fsecret", "404"), ("/secret%2f", "404"), ("/secret%2F..", "404"),
            ("/wiki%2f", "404"), ("/wiki//secret", "/wiki"), ("/wiki%5csecret", "404"), ("/secret;x", "404"),
            ("/secret%3b", "404"), ("/SECRET", "404"), ("/secret%20", "404"), ("/sec%72et", "/secret"),
        ] { #expect(try self.found(target, in: table) == mount, "\(target)") }
        let everything = try self.table(["/", "/wiki"])
        #expect(try self.found("/wiki%2fpage", in: everything) == "/")
        #expect(try self.found("//wiki", in: everything) == "/")
        #expect(try self.found("/" + String(repeating: "a", count: 9000), in: everything) == "/")
    }

    @Test("the host decides before the path: exact names, then wildcards, then all hosts")
    func hosts() throws {
        let table = try self.table([
            "/ @example.org", "/shop @*.example.org", "/ @*.shop.example.org", "/api", "/shop @a.example.org",
        ])
        for (host, target, mount) in [
            ("example.org", "/", "example.org/"), ("EXAMPLE.org:8000", "/api", "example.org/"),
            ("example.org.", "/", "example.org/"), ("example.org.:80", "/", "example.org/"),
            ("b.example.org", "/shop/1", "*.example.org/shop"), ("b.c.example.org", "/shop", "*.example.org/shop"),
            ("a.example.org", "/shop", "a.example.org/shop"), ("b.example.org", "/api/1", "/api"),
            ("x.shop.example.org", "/shop", "*.shop.example.org/"), ("shop.example.org", "/shop", "*.example.org/shop"),
            ("other", "/api", "/api"), ("other", "/shop", "404"), ("badexample.org", "/shop", "404"),
            ("[::1]:8000", "/api", "/api"),
        ] { #expect(try self.found(target, host: host, in: table) == mount, "\(host) \(target)") }
    }

    @Test("an unknown host gets 421; a known host without a matching path gets 404")
    func misdirected() throws {
        let table = try self.table(["/wiki @a.example", "/ @*.b.example", "/ @[::1]"])
        for (host, target, mount) in [
            ("a.example", "/wiki", "a.example/wiki"), ("a.example", "/", "404"), ("b.example", "/", "421"),
            ("x.b.example", "/", "*.b.example/"), ("", "/", "421"), ("a.example.evil", "/wiki", "421"),
            ("[::1]", "/", "[::1]/"), ("[::1]:8000", "/", "[::1]/"), ("[::2]", "/", "421"),
        ] { #expect(try self.found(target, host: host, in: table) == mount, "\(host) \(target)") }
    }

    @Test("random mounts and paths match as by a comparison of their segments")
    func random() throws {
        var random = SystemRandomNumberGenerator()
        let words = ["a", "b", "ab", "wiki", "x y", "ü", "..", "%"]
        let spelled = ["%61", "b", "ab", "wik%69", "x%20y", "%C3%BC", "..", "%25", "a%2fb", "", "."]
        for _ in 0..<300 {
            var paths: Set<String> = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let depth = Int.random(in: 0...3, using: &random)
                paths.insert(
                    "/" + (0..<depth).map { _ in words[Int.random(in: 0..<6, using: &random)] }.joined(separator: "/"))
            }
            let table = try self.table(paths.map { $0 })
            for _ in 0..<20 {
                let segments = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                    spelled.randomElement(using: &random)!
                }
                let target = ("/" + segments.joined(separator: "/"))
                let decoded = try segments.map { try self.decoded($0) }
                let expected = paths.map { $0 }.filter { path in
                    let parts = path.split(separator: "/").map(String.init)
                    return parts.count <= decoded.count && zip(parts, decoded).allSatisfy { $0 == $1 }
                }.max { $0.count < $1.count }
                let found = try self.found(target, in: table)
                #expect(found == expected ?? "404", "\(target) in \(paths)")
            }
        }
    }

    private func decoded(_ segment: String) throws -> String {
        let head = try self.head("/\(segment)", host: "x")
        return withExtendedLifetime(head) { String(head.path.text.dropFirst()) }
    }

    @Test("an invalid mount path or host name is refused")
    func faults() {
        for path in ["", "wiki", "/a//b", "/../x", "/a/./b", "/a?b", "/a#b", "/a%20b", "/a\nb"] {
            #expect(throws: MountFault.self, "\(path)") { try Mount(path: path) }
        }
        for host in ["", "*", "*.", "a.*.b", "a:80", "a/b", "http://a", "::1", "bücher.example", "a b"] {
            #expect(throws: MountFault.self, "\(host)") { try HostPattern(host) }
        }
        #expect(throws: Never.self) { try Mount(path: "/wiki/") }
    }
}
