import CASGI
import CJSON
import HTTPServer

@testable import ModuleRuntime

/// A value of `asgi.json/1` that can be compared, read and written; for tests and for the fuzzer.
enum JSONTree: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        var key: [UInt8]
        var value: JSONTree

        init(_ key: String, _ value: JSONTree) {
            self.key = Array(key.utf8)
            self.value = value
        }

        fileprivate init(_ value: asgi_json) {
            self.key = Array(Octets(value.key).bytes)
            self.value = JSONTree(value)
        }
    }

    struct Fault: Error, Equatable {
        let text: String
    }

    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string([UInt8])
    case array([JSONTree])
    case object([Member])

    static func text(_ text: String) -> JSONTree { .string(Array(text.utf8)) }

    init(_ value: asgi_json) {
        let items = UnsafeBufferPointer<asgi_json>(start: value.items, count: value.count)
        switch value.type {
        case ASGI_JSON_NULL: self = .null
        case ASGI_JSON_BOOLEAN: self = .boolean(value.integer != 0)
        case ASGI_JSON_INTEGER: self = .integer(value.integer)
        case ASGI_JSON_NUMBER: self = .number(value.number)
        case ASGI_JSON_STRING: self = .string(Array(Octets(value.text).bytes))
        case ASGI_JSON_ARRAY: self = .array(items.map { JSONTree($0) })
        case ASGI_JSON_OBJECT: self = .object(items.map { Member($0) })
        default: preconditionFailure("there is no type \(value.type)")
        }
    }

    static func read(_ text: [UInt8]) -> Result<JSONTree, Fault> {
        text.withUnsafeBytes { bytes -> Result<JSONTree, Fault> in
            let functions = roost_json_functions()!
            var given = asgi_string(Octets(bytes))
            var fault = asgi_string()
            guard let value = functions.pointee.parse(&given, &fault) else {
                return .failure(Fault(text: Octets(fault).text))
            }
            defer { functions.pointee.release(value) }
            return .success(JSONTree(value.pointee))
        }
    }

    func written() -> Result<[UInt8], Fault> {
        let functions = roost_json_functions()!
        var arena = Arena()
        var value = self.made(key: [], in: &arena)
        var fault = asgi_string()
        let text = functions.pointee.write(&value, &fault)
        // The arena holds all memory that the value points at.
        extendLifetime(arena)
        guard let text else { return .failure(Fault(text: Octets(fault).text)) }
        defer { functions.pointee.release_text(text) }
        return .success(Array(Octets(text.pointee).bytes))
    }

    /// The value in the layout that modules use; it points into the arena.
    func made(key: [UInt8], in arena: inout Arena) -> asgi_json {
        var value = asgi_json()
        value.key = Self.copy(key, into: &arena)
        switch self {
        case .null: value.type = ASGI_JSON_NULL
        case .boolean(let truth):
            value.type = ASGI_JSON_BOOLEAN
            value.integer = truth ? 1 : 0
        case .integer(let integer):
            value.type = ASGI_JSON_INTEGER
            value.integer = integer
        case .number(let number):
            value.type = ASGI_JSON_NUMBER
            value.number = number
        case .string(let text):
            value.type = ASGI_JSON_STRING
            value.text = Self.copy(text, into: &arena)
        case .array(let items):
            value.type = ASGI_JSON_ARRAY
            var made: [asgi_json] = []
            for item in items { made.append(item.made(key: [], in: &arena)) }
            value.items = arena.copy(made)
            value.count = made.count
        case .object(let members):
            value.type = ASGI_JSON_OBJECT
            var made: [asgi_json] = []
            for member in members { made.append(member.value.made(key: member.key, in: &arena)) }
            value.items = arena.copy(made)
            value.count = made.count
        }
        return value
    }

    private static func copy(_ bytes: [UInt8], into arena: inout Arena) -> asgi_string {
        asgi_string(bytes.withUnsafeBytes { arena.copy($0) })
    }
}
