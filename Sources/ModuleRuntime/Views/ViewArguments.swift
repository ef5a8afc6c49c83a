import CASGI
import CJSON
import CViews
import HTTPServer

/// Converts named fields to a view's arguments. Describes each field that is invalid in a line for the client.
struct ViewArguments {
    /// Where the next argument is stored.
    private var next: UnsafeMutablePointer<asgi_argument>
    private(set) var faults: [String] = []
    /// The number of bytes of an invalid value that are shown.
    private static let shown = 64

    init(from next: UnsafeMutablePointer<asgi_argument>) { self.next = next }

    /// Converts fields. `what`: "query" or "form".
    mutating func decode(_ wanted: [URLPattern.Field], _ fields: DecodedFields, _ what: StaticString) {
        for field in wanted {
            let (count, at) = fields.find(field.lastingName)
            guard count < 2 else {
                self.fail("\(what) field '\(field.name)': given \(count) times")
                continue
            }
            // Forms send an empty value for an input that was left empty: for a number the fallback applies.
            guard count == 1, field.lastingFallback == nil || field.converter.acceptsEmpty || fields.value(at).size > 0
            else {
                self.useFallback(of: field, what)
                continue
            }
            guard !fields.mended.contains(at) else {
                self.fail("\(what) field '\(field.name)': not UTF-8")
                continue
            }
            guard field.converter.readField(fields.value(at), into: self.next) else {
                let found = Self.clipped(fields.value(at))
                self.fail("\(what) field '\(field.name)': found '\(found)', expected \(field.converter.expectation)")
                continue
            }
            self.next += 1
        }
    }

    /// Converts members of a JSON object.
    mutating func decode(_ wanted: [URLPattern.Field], _ object: UnsafePointer<asgi_json>) {
        for field in wanted {
            let member = (0..<object.pointee.count).first {
                Octets(object.pointee.items[$0].key).equals(field.lastingName)
            }
            guard let member, object.pointee.items[member].type != ASGI_JSON_NULL else {
                self.useFallback(of: field, "json")
                continue
            }
            guard self.read(object.pointee.items + member, as: field.converter) else {
                let found = Self.name(object.pointee.items[member])
                self.fail("json field '\(field.name)': found \(found), expected \(field.converter.expectation)")
                continue
            }
            self.next += 1
        }
    }

    private func read(_ value: UnsafePointer<asgi_json>, as converter: Converter) -> Bool {
        self.next.pointee.reset(to: converter.kind)
        switch (converter, value.pointee.type) {
        case (.int, ASGI_JSON_INTEGER): self.next.pointee.value.integer = value.pointee.integer
        case (.float, ASGI_JSON_INTEGER), (.float, ASGI_JSON_NUMBER):
            self.next.pointee.value.number = value.pointee.number
        case (.str, ASGI_JSON_STRING), (.slug, ASGI_JSON_STRING), (.uuid, ASGI_JSON_STRING), (.path, ASGI_JSON_STRING):
            return converter.readField(Octets(value.pointee.text), into: self.next)
        default: return false
        }
        return true
    }

    private static func name(_ value: asgi_json) -> String {
        switch value.type {
        case ASGI_JSON_BOOLEAN: value.integer != 0 ? "true" : "false"
        case ASGI_JSON_INTEGER: "\(value.integer)"
        case ASGI_JSON_NUMBER: "\(value.number)"
        case ASGI_JSON_STRING: "'\(Self.clipped(Octets(value.text)))'"
        case ASGI_JSON_ARRAY: "an array"
        default: "an object"
        }
    }

    private mutating func useFallback(of field: URLPattern.Field, _ what: StaticString) {
        guard let text = field.lastingFallback else {
            return self.fail("\(what) field '\(field.name)': missing, expected \(field.converter.expectation)")
        }
        // The fallback was checked when the module was loaded.
        _ = field.converter.readField(text, into: self.next)
        self.next += 1
    }

    /// Records a fault and skips the argument, since the view will not be called.
    private mutating func fail(_ reason: String) {
        self.faults.append(reason)
        self.next += 1
    }

    private static func clipped(_ text: Octets) -> String {
        let part = Octets(data: text.data, size: min(text.size, Self.shown)).text
        return String(part.map { $0.isNewline || $0.unicodeScalars.first!.value < 0x20 ? "\u{fffd}" : $0 })
            + (text.size > Self.shown ? "..." : "")
    }
}
