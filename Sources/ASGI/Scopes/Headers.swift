import CASGI

/// Header fields in order, duplicates kept: those of a request, or those to be sent.
///
/// ```swift
/// if scope.headers["content-type"] == "application/json" { }
///
/// var headers: Headers = ["content-type": "text/html; charset=utf-8"]
/// headers.append("set-cookie", "seen=1")
/// ```
public struct Headers: Sendable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    private enum Fields {
        /// A request's, read where they lie: most are never looked at.
        case received(ScopeMemory)
        case made([Header])
    }

    private var fields: Fields

    init(_ memory: ScopeMemory) { self.fields = .received(memory) }

    /// Fields to be sent.
    public init(_ headers: [Header] = []) { self.fields = .made(headers) }

    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Header($0, $1) })
    }

    /// The value of the first field of that name, in any letter case; nil: there is none.
    public subscript(_ name: String) -> String? {
        switch self.fields {
        case .received(let memory): memory.first(name).map { String($0) }
        case .made(let headers): headers.first { Self.isSame(name, $0.name) }?.value
        }
    }

    /// The same, as the bytes that came.
    public func bytes(_ name: String) -> [UInt8]? {
        switch self.fields {
        case .received(let memory): memory.first(name).map { Array(UnsafeRawBufferPointer($0)) }
        case .made: self[name].map { Array($0.utf8) }
        }
    }

    /// The values of all fields of that name, in order.
    public func values(_ name: String) -> [String] {
        self.lazy.filter { Self.isSame(name, $0.name) }.map(\.value)
    }

    /// Adds a field at the end.
    public mutating func append(_ name: String, _ value: String) {
        var headers: [Header]
        if case .made(let made) = self.fields { headers = made } else { headers = Array(self) }
        // No second reference: the array grows where it is.
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
    /// An ASCII letter in lower case, anything else as it is.
    var lowerCased: UInt8 { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self }
}
