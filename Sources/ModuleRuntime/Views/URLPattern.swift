import HTTPServer

/// A parsed pattern: the requests that it matches, by method and path, and the arguments that it takes from them.
struct URLPattern {
    /// A piece of a path.
    enum Piece: Hashable {
        case text([UInt8])
        case value(Converter)
    }

    /// A field of a query or of a body, by its name.
    struct Field {
        let converter: Converter
        let name: String
        /// The value of a field that is missing; nil if the field is required.
        let fallback: String?
        /// The name and the fallback as bytes that live as long as the process.
        // SAFETY: bytes that live as long as the process and never change.
        nonisolated(unsafe) let lastingName: Octets
        // SAFETY: as above, bytes that live as long as the process and never change.
        nonisolated(unsafe) let lastingFallback: Octets?

        init(converter: Converter, name: String, fallback: String?) {
            self.converter = converter
            self.name = name
            self.fallback = fallback
            self.lastingName = .lasting(name)
            self.lastingFallback = fallback.map { .lasting($0) }
        }
    }

    /// How the host processes the body before it calls the view.
    enum Body {
        /// Not at all: the view reads the body.
        case unread
        case collected
        case form
        case json

        /// Returns nil if the word does not name a way to process the body.
        init?(word: Substring) {
            switch word {
            case "body": self = .collected
            case "form": self = .form
            case "json": self = .json
            default: return nil
            }
        }
    }

    var methods: RequestMethods
    /// The path below the mount, without its leading slash.
    var pieces: [Piece] = []
    /// The names of the path's values, in order.
    var names: [String] = []
    var query: [Field] = []
    var body = Body.unread
    var bodyFields: [Field] = []

    /// The kinds of the arguments that the path provides, in order.
    var pathKinds: [ArgumentKind] {
        self.pieces.compactMap { if case .value(let converter) = $0 { converter.kind } else { nil } }
    }

    /// The kinds of all arguments, in order.
    var kinds: [ArgumentKind] {
        self.pathKinds + (self.query + self.bodyFields).map(\.converter.kind)
    }

    /// The arguments as error messages show them: `ASGI_INT year, ASGI_STRING slug`.
    var signature: String {
        zip(self.kinds, self.names + (self.query + self.bodyFields).map(\.name)).map { "\($0.word) \($1)" }
            .joined(separator: ", ")
    }
}
