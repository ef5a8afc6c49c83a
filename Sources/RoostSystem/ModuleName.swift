/// The name of a module as an operator writes it: a path or a dotted name, with an optional symbol after a colon; or
/// `builtin:` and the name of a module that the program itself provides.
package struct ModuleName: Sendable, Equatable {
    package enum Place: Sendable, Equatable {
        /// A file: the name contains a `/` or ends in `.so`.
        case path(String)
        /// A dotted name to look up: `wiki`, `wiki.asgi`.
        case dotted([String])
        /// A module that the program itself provides (`roost_provide`).
        case provided(String)
    }

    package let place: Place
    /// The symbol of the application; of a Python module the attribute, which may be dotted.
    package let symbol: String
    /// Whether the operator has named the symbol.
    package let hasSymbol: Bool

    package static let defaultSymbol = "application"
    private static let providedPrefix = "builtin:"

    /// The name as an operator would write it.
    package var text: String {
        let place =
            switch self.place {
            case .path(let path): path
            case .dotted(let words): words.joined(separator: ".")
            case .provided(let name): Self.providedPrefix + name
            }
        return self.symbol == Self.defaultSymbol ? place : "\(place):\(self.symbol)"
    }

    /// The same name with an absolute path; a dotted name is unchanged.
    package var absolute: ModuleName {
        guard case .path(let path) = self.place else { return self }
        return ModuleName(
            place: .path(WorkingFolder.absolute(path)), symbol: self.symbol, hasSymbol: self.hasSymbol)
    }

    private init(place: Place, symbol: String, hasSymbol: Bool) {
        self.place = place
        self.symbol = symbol
        self.hasSymbol = hasSymbol
    }

    /// The path, or the last part of the dotted name.
    package var file: String {
        switch self.place {
        case .path(let path): path
        case .dotted(let words): words[words.count - 1]
        case .provided(let name): name
        }
    }

    /// Throws `HostError` if the text is not a valid name.
    package init(_ text: String) throws {
        if text.hasPrefix(Self.providedPrefix) {
            let name = text.dropFirst(Self.providedPrefix.count)
            guard Self.isSymbol(String(name)) else {
                throw HostError(
                    code: .usage, message: "'\(text)': the name of a module must follow 'builtin:'")
            }
            self.place = .provided(String(name))
            self.symbol = Self.defaultSymbol
            self.hasSymbol = false
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.symbol = parts.count == 2 ? parts[1] : Self.defaultSymbol
        self.hasSymbol = parts.count == 2
        let names = self.symbol.split(separator: ".", omittingEmptySubsequences: false)
        guard names.allSatisfy({ Self.isSymbol(String($0)) }) else {
            throw HostError(
                code: .usage, message: "'\(text)': a symbol must follow the colon, like '\(parts[0]):application'")
        }
        if parts[0].contains("/") || parts[0].hasSuffix(".so") {
            self.place = .path(parts[0])
            return
        }
        let words = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard words.allSatisfy({ !$0.isEmpty && !$0.contains("\0") }) else {
            throw HostError(
                code: .usage, message: "'\(text)' is not a module; use a path like ./libhello.so, or a name like hello"
            )
        }
        self.place = .dotted(words)
    }

    private static func isSymbol(_ text: String) -> Bool {
        guard let first = text.first, !first.isNumber else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }
}
