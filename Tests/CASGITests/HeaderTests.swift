import CASGI
import Foundation
import TestSupport
import Testing

/// `asgi.h` compiles without a warning wherever it is promised to, and needs nothing.
@Suite("asgi.h")
struct HeaderTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// Uses every helper, and everything that a module in C would write.
    static let module = """
        #include <asgi.h>
        static const asgi_header type = {ASGI_STRING("content-type"), ASGI_STRING("text/plain")};
        asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
        {
            asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
            const asgi_header *header = asgi_find_header(scope, "accept");
            (void)receive;
            if (scope->type != ASGI_HTTP || !ASGI_HAS(scope, tls)) return ASGI_UNSUPPORTED;
            if (asgi_equal(asgi_path(scope), "/log")) asgi_log(scope, ASGI_LOG_INFO, "hello");
            event.headers = &type;
            event.header_count = header ? 1 : 0;
            if (header) return send(scope->id, &event, NULL, NULL);
            return asgi_respond(scope, send, 200, "text/plain", asgi_setting(scope, "title", "none"));
        }
        const asgi_module *asgi_module_info(void)
        {
            static const asgi_module module = {sizeof module, ASGI_ABI, ASGI_DRAFT, 0, ASGI_STRING("x"),
                                               ASGI_STRING("1"), ASGI_STRING(""), NULL};
            return &module;
        }
        """

    @Test(
        "it compiles without a warning",
        arguments: ["gcc", "clang"],
        [("c11", "c"), ("c17", "c"), ("c++17", "cpp"), ("c++20", "cpp")]
    )
    func compiles(family: String, standard: (name: String, ending: String)) throws {
        let compiler = standard.ending == "c" ? family : family == "gcc" ? "g++" : "clang++"
        for header in ["asgi.h", "asgi_fields.h"] {
            let library = try Fixture.compile(
                Self.module.replacingOccurrences(of: "asgi.h", with: header), compiler: compiler,
                flags: ["-std=\(standard.name)", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"],
                ending: standard.ending, in: self.folder
            )
            #expect(FileManager.default.fileExists(atPath: library))
        }
    }

    @Test("it needs only <stddef.h> and <stdint.h>")
    func needs() throws {
        let text = try String(contentsOfFile: "\(Repository.headers)/asgi.h", encoding: .utf8)
        let included = text.split(separator: "\n").filter { $0.hasPrefix("#include") }
        #expect(included == ["#include <stddef.h>", "#include <stdint.h>"])
    }

    @Test("it imports into Swift")
    func imports() {
        let path = "/wiki/page"
        path.withCString { path in
            var scope = asgi_scope()
            scope.size = UInt32(MemoryLayout<asgi_scope>.size)
            scope.path = asgi_text(path)
            scope.root_path = asgi_string(data: path, size: 5)
            let below = asgi_path(&scope)
            #expect(
                String(decoding: UnsafeRawBufferPointer(start: below.data, count: below.size), as: UTF8.self) == "/page"
            )
            #expect(asgi_equal(below, "/page") == 1)
            #expect(asgi_equal(below, "/pag") == 0)
            #expect(asgi_equal(below, "/pages") == 0)
            // The mount itself, without a slash.
            scope.path = asgi_string(data: path, size: 5)
            #expect(asgi_equal(asgi_path(&scope), "/") == 1)
        }
    }

    @Test("an event is read and written by the smaller of two sizes")
    func sizes() {
        var given = asgi_event()
        asgi_event_reset(&given, UInt32(ASGI_HTTP_RESPONSE))
        given.status = 201
        given.code = 7
        // As a module of an older header would give it: it ends before `code`.
        given.size = UInt32(MemoryLayout<asgi_event>.offset(of: \.code)!)
        var room = asgi_event()
        let read = asgi_event_read(&given, &room)!
        #expect(read.pointee.status == 201)
        #expect(read.pointee.code == 0)
        // A larger one than ours is read where it is.
        given.size = 4096
        withUnsafePointer(to: &given) { given in #expect(asgi_event_read(given, &room) == given) }

        var from = asgi_event()
        asgi_event_reset(&from, UInt32(ASGI_HTTP_REQUEST))
        from.code = 9
        var to = asgi_event()
        to.size = UInt32(MemoryLayout<asgi_event>.offset(of: \.code)!)
        to.code = 1
        asgi_event_write(&to, &from)
        #expect(to.type == UInt32(ASGI_HTTP_REQUEST))
        #expect(to.code == 1)
        #expect(to.size == UInt32(MemoryLayout<asgi_event>.offset(of: \.code)!))
    }
}
