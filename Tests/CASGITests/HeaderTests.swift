import CASGI
import Foundation
import TestSupport
import Testing

/// The headers of `CASGI` compile without a warning in every supported language, and include only what they may.
@Suite("asgi.h")
struct HeaderTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// A module in C that uses every helper of `asgi_helpers.h`.
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
        "a module that includes the header compiles without a warning",
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

    /// Uses every type of argument, and every convenience function for views.
    static let views = """
        #include <asgi_urls.h>
        static asgi_result home(asgi_request *request)
        {
            const asgi_argument arguments[] = {asgi_int_argument(1), asgi_double_argument(2.5),
                asgi_string_argument(asgi_text("a")), asgi_subpath_argument(asgi_text("a/b"))};
            const asgi_json members[] = {asgi_json_string("s", asgi_text("t")), asgi_json_integer("i", 1),
                asgi_json_number("n", 0.5), asgi_json_boolean("b", 1), asgi_json_null("z")};
            const asgi_json *body = asgi_body_json(request);
            asgi_string path = asgi_reverse(request, "all", arguments, 4);
            const asgi_part *part = asgi_form_part(request, "file");
            if (asgi_query(request, "q") || asgi_form(request, "f") || part) return asgi_redirect(request, 303, path);
            if (asgi_set_cookie(request, "c", asgi_text("v"), 60) != ASGI_DONE) return ASGI_FAILED;
            if (asgi_cookie_value(request, "c")) return asgi_reply_file(request, "/srv", asgi_text("a"), "");
            if (asgi_json_find(body, "s") && asgi_json_of(request->scope)) return asgi_finish(request, ASGI_DONE);
            return asgi_reply_json(request, 200, asgi_json_object("", members, 5));
        }
        static asgi_result all(asgi_request *request, int64_t i, double d, const asgi_string *s, const asgi_uuid *u,
                               const asgi_subpath *p)
        {
            (void)i, (void)d, (void)u, (void)p;
            return asgi_reply(request, 200, "text/plain", *s);
        }
        static const asgi_url nested[] = {
            ASGI_URL("<int:i>-<float:d>-<str:s>-<uuid:u>-<path:p>", all, "all", ASGI_INT, ASGI_DOUBLE, ASGI_STRING, ASGI_UUID, ASGI_PATH)};
        static const asgi_url urls[] = {ASGI_URL("", home, "home"), ASGI_INCLUDE("in/", nested, "in")};
        ASGI_APPLICATION(urls, "views", "1.0")
        """

    /// The same with types derived by `asgi_urls.hpp`.
    static let derived = """
        #include <asgi_urls.hpp>
        static asgi_result all(asgi_request *request, std::int64_t, double, std::string_view s, const asgi_uuid &,
                               const asgi_subpath *) { return asgi_reply(request, 200, "text/plain", asgi::string(s)); }
        namespace mine {
        static asgi_result none(asgi_request *) noexcept { return ASGI_FAILED; }
        static asgi_result refused(asgi_request *, const asgi_refusal *) { return ASGI_UNSUPPORTED; }
        static constexpr auto lambda = [](asgi_request *, double) -> asgi_result { return ASGI_FAILED; };
        static const asgi_url nested[] = {asgi::url<all>("<int:i>-<float:d>-<str:s>-<uuid:u>-<path:p>", "all")};
        static const asgi_url urls[] = {asgi::url<none>(""), asgi::url<+lambda>("<float:d>"), asgi::include("in/", nested, "in")};
        static const asgi_urls table = ASGI_URLS_WITH(urls, 0, 0, asgi::refusing<refused>);
        ASGI_APPLICATION_OF(table, "views", "1.0", "", 0)
        }
        """

    @Test(
        "tables of URLs compile without a warning",
        arguments: ["gcc", "clang"], [("c11", "c"), ("c17", "c"), ("c++17", "cpp"), ("c++20", "cpp")]
    )
    func views(family: String, standard: (name: String, ending: String)) throws {
        let compiler = standard.ending == "c" ? family : family == "gcc" ? "g++" : "clang++"
        for source in standard.ending == "c" ? [Self.views] : [Self.views, Self.derived] {
            let library = try Fixture.compile(
                source, compiler: compiler,
                flags: ["-std=\(standard.name)", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"],
                ending: standard.ending, in: self.folder)
            #expect(FileManager.default.fileExists(atPath: library))
        }
    }

    @Test("a table in a namespace is exported with hidden visibility and without exceptions")
    func namespaces() throws {
        for compiler in ["g++", "clang++"] {
            let library = try Fixture.compile(
                Self.derived, compiler: compiler, flags: ["-std=c++17", "-fvisibility=hidden", "-fno-exceptions"],
                ending: "cpp", in: self.folder)
            let handle = try #require(dlopen(library, RTLD_NOW | RTLD_LOCAL))
            #expect(dlsym(handle, "application") != nil && dlsym(handle, "asgi_module_info") != nil, "\(compiler)")
        }
    }

    @Test("a row with too few or too many arguments is explained by the compiler's error", arguments: ["c", "cpp"])
    func misshapen(ending: String) throws {
        for row in [#"ASGI_URL("a", view)"#, #"ASGI_URL("a")"#, #"ASGI_URL("a", view, "a", \#(nine))"#] {
            let error = #expect(throws: Fixture.Failure.self) {
                _ = try Fixture.compile(
                    """
                    #include <asgi_urls.h>
                    static asgi_result view(asgi_request *request) { (void)request; return 0; }
                    static const asgi_url urls[] = {\(row)};
                    ASGI_APPLICATION(urls, "wrong")
                    """, compiler: ending == "c" ? "gcc" : "g++", ending: ending, in: self.folder)
            }
            #expect("\(error!)".contains("ASGI_URL_takes_a_pattern_a_view_a_name_and_at_most_eight_types"), "\(row)")
        }
    }

    private let nine = Array(repeating: "ASGI_INT", count: 9).joined(separator: ", ")

    @Test(
        "a view whose type differs from the row does not compile",
        arguments: [
            (#"ASGI_URL("a", view, "a", ASGI_STRING)"#, "c"), (#"ASGI_URL("a", view, "a")"#, "c"),
            (#"ASGI_URL("a", view, "a", ASGI_INT, ASGI_INT)"#, "c"), (#"ASGI_URL("a", view, "a", ASGI_DOUBLE)"#, "c"),
            (#"ASGI_URL("a", view, "a", ASGI_STRING)"#, "cpp"), (#"ASGI_URL("a", view, "a")"#, "cpp"),
            ("asgi::url<other>(\"a\")", "cpp"), ("asgi::url<many>(\"a\")", "cpp"),
        ]
    )
    func wrong(row: String, ending: String) throws {
        func compile(_ row: String) throws {
            let derived = """
                #include <asgi_urls.hpp>
                [[maybe_unused]] static asgi_result other(asgi_request *, float) { return 0; }
                [[maybe_unused]] static asgi_result many(asgi_request *, double, double, double, double, double, double, double, double,
                    double) { return 0; }
                """
            _ = try Fixture.compile(
                """
                \(ending == "c" ? "#include <asgi_urls.h>" : derived)
                static asgi_result view(asgi_request *request, int64_t i) { (void)request, (void)i; return 0; }
                static const asgi_url urls[] = {\(row)};
                ASGI_APPLICATION(urls, "wrong")
                """, compiler: ending == "c" ? "gcc" : "g++", flags: ["-std=\(ending == "c" ? "c17" : "c++17")"],
                ending: ending, in: self.folder)
        }
        try compile(#"ASGI_URL("a", view, "a", ASGI_INT)"#)
        #expect(throws: Fixture.Failure.self) { try compile(row) }
    }

    private static let headers = ((try? FileManager.default.contentsOfDirectory(atPath: Repository.headers)) ?? [])
        .filter { $0.hasSuffix(".h") || $0.hasSuffix(".hpp") }.sorted()

    /// The `#include` lines of a header.
    private static func includes(_ path: String) throws -> [Substring] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("#include") }
    }

    @Test("asgi.h and the headers that it includes need only <stddef.h> and <stdint.h>")
    func needs() throws {
        let own = ["applications", "broadcast", "helpers", "loop", "shutdown", "state"].map { "asgi_\($0).h" }
        #expect(
            try Self.includes("\(Repository.headers)/asgi.h")
                == ["#include <stddef.h>", "#include <stdint.h>"] + own.map { "#include \"\($0)\"" })
        for header in own {
            #expect(try Self.includes("\(Repository.headers)/\(header)") == ["#include \"asgi.h\""])
        }
    }

    /// asgi_pq.h needs libpq, and is compiled by `make test-edge`.
    @Test("each header compiles on its own", arguments: Self.headers.filter { $0 != "asgi_pq.h" })
    func alone(header: String) throws {
        let languages =
            header.hasSuffix(".hpp") ? [("g++", "c++17", "cpp")] : [("gcc", "c11", "c"), ("g++", "c++17", "cpp")]
        for (compiler, standard, ending) in languages {
            _ = try Fixture.compile(
                "#include <\(header)>\n", compiler: compiler,
                flags: ["-std=\(standard)", "-Wall", "-Wextra", "-Wpedantic", "-Werror"], ending: ending,
                in: self.folder)
        }
    }

    @Test("the templates of `roost new` have the same headers, except those for hosts and for libpq, and no others")
    func templates() throws {
        let folder = "\(Repository.root)/Sources/RoostCommand/Templates"
        let copies = try FileManager.default.subpathsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".h") || $0.hasSuffix(".hpp") }
        #expect(copies.sorted() == Self.headers.filter { !["asgi_fields.h", "asgi_pq.h"].contains($0) })
        for header in copies {
            // The bytes are compared, since a template may be a link.
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(header)"))
            #expect(try bytes == Data(contentsOf: URL(filePath: "\(Repository.headers)/\(header)")), "\(header)")
        }
    }

    @Test(
        "modules of the repository include these headers, and have no copies of their own",
        arguments: ["Plugins", "Tests/Fixtures"])
    func modules(folder: String) throws {
        let folder = "\(Repository.root)/\(folder)"
        var count = 0
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            #expect(!(path as NSString).lastPathComponent.hasPrefix("asgi"), "\(path)")
            guard [".c", ".cpp", ".h"].contains(where: path.hasSuffix) else { continue }
            for line in try Self.includes("\(folder)/\(path)") where line.contains("asgi") {
                #expect(Self.headers.contains { line == "#include <\($0)>" }, "\(path): \(line)")
                count += 1
            }
        }
        #expect(count > 0)
    }

    @Test("the headers can be imported into Swift")
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
            // The mount itself, without a trailing slash.
            scope.path = asgi_string(data: path, size: 5)
            #expect(asgi_equal(asgi_path(&scope), "/") == 1)
        }
    }

    @Test("an event is read and written up to the smaller of two sizes")
    func sizes() {
        var given = asgi_event()
        asgi_event_reset(&given, UInt32(ASGI_HTTP_RESPONSE))
        given.status = 201
        given.code = 7
        // As sent by a module with an older header: it ends before `code`.
        given.size = UInt32(MemoryLayout<asgi_event>.offset(of: \.code)!)
        var room = asgi_event()
        let read = asgi_event_read(&given, &room)!
        #expect(read.pointee.status == 201)
        #expect(read.pointee.code == 0)
        // An event that is larger than this header's is returned itself.
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
