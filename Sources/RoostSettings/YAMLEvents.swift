import Clibyaml
import Glibc

/// An error in a YAML text, and its line.
package struct YAMLFault: Error {
    /// Nil if the line is unknown.
    package let line: Int?
    package let message: String
}

/// One event of a YAML text.
struct YAMLEvent {
    enum Kind {
        case scalar(String, isPlain: Bool)
        case alias
        case listStart
        case mapStart
        /// The end of a list, a map or a document.
        case end
        case documentStart
        case streamEnd
    }

    let kind: Kind
    /// Empty if there is none. For an alias, the anchor that it names.
    let anchor: String
    /// Empty if there is none.
    let tag: String
    /// Counted from 1.
    let line: Int
}

/// The events of a YAML text, parsed by libyaml one at a time, so that a reader can stop after any event.
final class YAMLEvents {
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) throws(YAMLFault) {
        let utf8 = text.utf8
        self.bytes = .allocate(capacity: max(utf8.count, 1))
        _ = self.bytes.initialize(from: utf8)
        guard yaml_parser_initialize(self.parser) == 1 else {
            self.parser.initialize(to: yaml_parser_t())
            throw YAMLFault(line: nil, message: "out of memory")
        }
        yaml_parser_set_encoding(self.parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(self.parser, self.bytes.baseAddress, utf8.count)
    }

    deinit {
        yaml_parser_delete(self.parser)
        self.parser.deallocate()
        self.bytes.deallocate()
    }

    /// The next event. There is none after a fault or the end of the stream.
    func next() throws(YAMLFault) -> YAMLEvent {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(self.parser, &event) == 1 else { throw self.fault }
            defer { yaml_event_delete(&event) }
            if let event = Self.event(event) { return event }
        }
    }

    /// Nil for the start of the stream.
    private static func event(_ event: yaml_event_t) -> YAMLEvent? {
        let line = Int(event.start_mark.line) + 1
        func made(
            _ kind: YAMLEvent.Kind, _ anchor: UnsafePointer<UInt8>? = nil, _ tag: UnsafePointer<UInt8>? = nil
        ) -> YAMLEvent {
            YAMLEvent(
                kind: kind, anchor: anchor.map { String(cString: $0) } ?? "",
                tag: tag.map { String(cString: $0) } ?? "",
                line: line)
        }
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return made(
                .scalar(String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                scalar.anchor, scalar.tag)
        case YAML_ALIAS_EVENT: return made(.alias, event.data.alias.anchor)
        case YAML_SEQUENCE_START_EVENT:
            return made(.listStart, event.data.sequence_start.anchor, event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            return made(.mapStart, event.data.mapping_start.anchor, event.data.mapping_start.tag)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT, YAML_DOCUMENT_END_EVENT: return made(.end)
        case YAML_DOCUMENT_START_EVENT: return made(.documentStart)
        case YAML_STREAM_START_EVENT: return nil
        default: return made(.streamEnd)
        }
    }

    private var fault: YAMLFault {
        let parser = self.parser.pointee
        guard parser.error != YAML_MEMORY_ERROR, let problem = parser.problem else {
            return YAMLFault(line: nil, message: "out of memory")
        }
        var text = String(cString: problem)
        // libyaml's own message names one of its functions.
        if text.hasPrefix("Maximum nesting level reached") {
            text = "too many nested lists and maps; flatten them"
        }
        guard parser.error != YAML_READER_ERROR else {
            let read = self.bytes.prefix(parser.problem_offset)
            return YAMLFault(line: read.count { $0 == UInt8(ascii: "\n") } + 1, message: text)
        }
        return YAMLFault(
            line: Int(parser.problem_mark.line) + 1, message: "\(text) (column \(parser.problem_mark.column + 1))")
    }
}
