import HTTPServer

/// A pattern, taken apart: which requests, by method and path, and what becomes of them as arguments.
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
        /// What holds where it is not there; nil: it has to be.
        let fallback: String?
        /// Both again, for as long as the process lives.
        // SAFETY: bytes that live as long as the process and never change.
        nonisolated(unsafe) let lastingName: Octets
        // SAFETY: likewise.
        nonisolated(unsafe) let lastingFallback: Octets?

        init(converter: Converter, name: String, fallback: String?) {
            self.converter = converter
            self.name = name
            self.fallback = fallback
            self.lastingName = .lasting(name)
            self.lastingFallback = fallback.map { .lasting($0) }
        }
    }

    /// What is made of the body before the view is called.
    enum Body {
        /// Nothing: the view reads it.
        case unread
        case collected
        case form
        case json

        /// Nil: it is no word for one.
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
    /// Below the mount, without the slash at its beginning.
    var pieces: [Piece] = []
    /// The names of the values, in their order.
    var names: [String] = []
    var query: [Field] = []
    var body = Body.unread
    var bodyFields: [Field] = []

    /// The kinds of the arguments that its path gives, in their order.
    var pathKinds: [ArgumentKind] {
        self.pieces.compactMap { if case .value(let converter) = $0 { converter.kind } else { nil } }
    }

    /// The kinds of all arguments, in their order.
    var kinds: [ArgumentKind] {
        self.pathKinds + (self.query + self.bodyFields).map(\.converter.kind)
    }

    /// For messages: `ASGI_INT year, ASGI_STRING slug`.
    var signature: String {
        zip(self.kinds, self.names + (self.query + self.bodyFields).map(\.name)).map { "\($0.word) \($1)" }
            .joined(separator: ", ")
    }
}
