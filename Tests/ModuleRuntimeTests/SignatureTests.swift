import CASGI
import CViews
import Foundation
import TestSupport
import Testing

@testable import ModuleRuntime

/// A thousand random signatures, compiled as C and called with random values.
@Suite("Signatures")
struct SignatureTests {
    /// A view with arguments of some kinds, and the values that it is called with.
    private struct Case {
        let kinds: [ArgumentKind]
        let values: [asgi_argument]
        let result: asgi_result
    }

    /// A random integer, often one at the edge of a register's size.
    private static func integer(_ random: inout SeededNumbers) -> Int64 {
        [0, 1, -1, .min, .max, 0xff, -0x80, 0x7fff_ffff, -0x8000_0000, 0xffff_ffff].randomElement(using: &random)
            .flatMap { Bool.random(using: &random) ? $0 : nil } ?? Int64.random(in: .min ... .max, using: &random)
    }

    private static func number(_ random: inout SeededNumbers) -> Double {
        [0, -0.0, 0.1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -1e-300, .infinity].randomElement(
            using: &random
        )
        .flatMap { Bool.random(using: &random) ? $0 : nil }
            ?? Double.random(in: -1e18...1e18, using: &random)
    }

    private static func argument(
        _ kind: ArgumentKind, _ random: inout SeededNumbers, _ arena: inout Arena
    ) -> asgi_argument {
        var argument = asgi_argument()
        argument.kind = UInt32(kind.rawValue)
        switch kind {
        case .int: argument.value.integer = self.integer(&random)
        case .double: argument.value.number = self.number(&random)
        case .string, .path:
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            argument.value.string = asgi_string(bytes.withUnsafeBytes { arena.copy($0) })
        case .uuid:
            withUnsafeMutableBytes(of: &argument.value.uuid) { uuid in
                for at in uuid.indices { uuid[at] = UInt8.random(in: 0...255, using: &random) }
            }
        }
        return argument
    }

    /// The C source of a view: hashes the bytes of its arguments, in order. Its result is narrower than a register.
    private static func source(_ number: Int, _ one: Case) -> String {
        let types = one.kinds.enumerated().map { at, kind in
            switch kind {
            case .int: "int64_t a\(at)"
            case .double: "double a\(at)"
            case .string: "const asgi_string *a\(at)"
            case .uuid: "const asgi_uuid *a\(at)"
            case .path: "const asgi_subpath *a\(at)"
            }
        }
        let additions = one.kinds.enumerated().map { at, kind in
            switch kind {
            case .int, .double: "add(hash, &a\(at), 8);"
            case .string: "add(hash, a\(at)->data, a\(at)->size); add(hash, &a\(at)->size, 8);"
            case .uuid: "add(hash, a\(at), 16);"
            case .path: "add(hash, a\(at)->text.data, a\(at)->text.size); add(hash, &a\(at)->text.size, 8);"
            }
        }
        return """
            asgi_result view\(number)(\((["asgi_request *request"] + types).joined(separator: ", ")))
            { uint64_t *hash = request->context; \(additions.joined(separator: " ")) return (asgi_result)\(one.result); }

            """
    }

    /// The FNV-1a hash that the C source computes (http://www.isthe.com/chongo/tech/comp/fnv).
    private static func hash(_ values: [asgi_argument], _ kinds: [ArgumentKind]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ bytes: UnsafeRawBufferPointer) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        for (value, kind) in zip(values, kinds) {
            switch kind {
            case .int: withUnsafeBytes(of: value.value.integer, add)
            case .double: withUnsafeBytes(of: value.value.number, add)
            case .uuid: withUnsafeBytes(of: value.value.uuid, add)
            case .string, .path:
                add(UnsafeRawBufferPointer(start: value.value.string.data, count: value.value.string.size))
                withUnsafeBytes(of: value.value.string.size, add)
            }
        }
        return hash
    }

    @Test("a thousand signatures are called with their arguments, and their results are returned unchanged")
    func thousand() throws {
        var random = SeededNumbers(state: 9)
        var arena = Arena()
        let all: [ArgumentKind] = [.int, .double, .string, .uuid, .path]
        let cases = (0..<1000).map { number in
            // No to eight arguments each, so that both direct calls and calls through libffi are frequent.
            let kinds = (0..<number % 9).map { _ in all.randomElement(using: &random)! }
            let values = kinds.map { Self.argument($0, &random, &arena) }
            return Case(kinds: kinds, values: values, result: Int32.random(in: .min ... .max, using: &random))
        }
        let folder = try TemporaryFolder()
        let library = try Fixture.compile(
            """
            #include <asgi_urls.h>
            static void add(uint64_t *hash, const void *bytes, size_t count)
            {
                const unsigned char *byte = bytes;
                while (count--) *hash = (*hash ^ *byte++) * 0x100000001b3;
            }
            \(cases.enumerated().map { Self.source($0, $1) }.joined())
            """, named: "signatures", flags: ["-O2"], in: folder)
        let image = try #require(dlopen(library, RTLD_NOW | RTLD_LOCAL))
        let view = UnsafeMutablePointer<roost_view>.zeroed(bytes: roost_view_size())
        defer { UnsafeMutableRawPointer(view).deallocate() }
        // The request is the first member of `roost_view`.
        let request = UnsafeMutableRawPointer(view).assumingMemoryBound(to: asgi_request.self)
        let url = UnsafeMutablePointer<asgi_url>.zeroed(bytes: asgi_url_size())
        defer { UnsafeMutableRawPointer(url).deallocate() }
        let arguments = roost_view_arguments(view)!
        for (number, one) in cases.enumerated() {
            let function = try #require(dlsym(image, "view\(number)"))
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for (at, value) in one.values.enumerated() { arguments[at] = value }
            let row = ViewRow(
                url: url, view: unsafeBitCast(function, to: asgi_view.self),
                signature: try ViewSignatures.of(one.kinds),
                context: nil, count: UInt32(one.kinds.count), wants: nil)
            let result = withUnsafeMutablePointer(to: &hash) { hash in
                request.pointee.context = UnsafeMutableRawPointer(hash)
                return row.call(request, arguments)
            }
            #expect(result == one.result, "view\(number)")
            #expect(hash == Self.hash(one.values, one.kinds), "view\(number)")
        }
        // The same signature is prepared once.
        #expect(try ViewSignatures.of([.int, .string]) == ViewSignatures.of([.int, .string]))
    }
}
