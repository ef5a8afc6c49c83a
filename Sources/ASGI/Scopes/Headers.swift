import CASGI

/// Header fields in order, with duplicates: those of a request, or those to send.
///
/// ```swift
/// if scope.headers["content-type"] == "application/json" { }
///
/// var headers: Headers = ["content-type": "text/html; charset=utf-8"]
/// headers.append("set-cookie", "seen=1")
/// ```
public struct Headers: Sendable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    private enum Fields {
        /// The fields of a request, decoded on access: most are never read.
        case received(ScopeMemory)
        case made([Header])
    }

    private var fields: Fields

    init(_ memory: ScopeMemory) { self.fields = .received(memory) }

    /// Creates a list of fields to send.
    public init(_ headers: [Header] = []) { self.fields = .made(headers) }

    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Header($0, $1) })
    }

    /// The value of the first field with this name, in any letter case; nil if there is none.
    public subscript(_ name: String) -> String? {
        switch self.fields {
        case .received(let memory): memory.first(name).map { String($0) }
        case .made(let headers): headers.first { Self.isSame(name, $0.name) }?.value
        }
    }

    /// Returns the value of the first field with this name, as the bytes received; nil if there is none.
    public func bytes(_ name: String) -> [UInt8]? {
        switch self.fields {
        case .received(let memory): memory.first(name).map { Array(UnsafeRawBufferPointer($0)) }
        case .made: self[name].map { Array($0.utf8) }
        }
    }

    /// Returns the values of all fields with this name, in any letter case, in order.
    public func values(_ name: String) -> [String] {
        self.lazy.filter { Self.isSame(name, $0.name) }.map(\.value)
    }

    /// Appends a field.
    public mutating func append(_ name: String, _ value: String) {
        var headers: [Header]
        if case .made(let made) = self.fields { headers = made } else { headers = Array(self) }
        // Drops the second reference: the array then grows in place.
        self.fields = .made([])
        headers.append(Header(name, value))
        self.fields = .made(headers)
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int {
        switch self.fields {
        case .received(let memory): memory.headers.count
        case .made(let headers): headers.count
        }
    }

    public subscript(position: Int) -> Header {
        switch self.fields {
        case .received(let memory):
            Header(String(memory.headers[position].name), String(memory.headers[position].value))
        case .made(let headers): headers[position]
        }
    }

    private static func isSame(_ name: String, _ other: String) -> Bool {
        name.utf8.count == other.utf8.count && zip(name.utf8, other.utf8).allSatisfy { $0.lowerCased == $1.lowerCased }
    }
}

extension UInt8 {
    /// The byte, in lower case if it is an ASCII letter.
    var lowerCased: UInt8 { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self }
}
