import Testing

@testable import ASGI

/// Settings that decode, and the messages to the operator about those that do not.
@Suite("Settings decoder")
struct SettingsDecoderTests {
    private func decoded<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try SettingsDecoder.decode(type, json: json)
    }

    /// Returns the key at fault and the message; "none" if the settings decode.
    private func refused<Value: Decodable>(_ type: Value.Type, _ json: String) -> String {
        do throws(SettingsError) { _ = try SettingsDecoder.decode(type, json: json) } catch {
            return error.description
        }
        return "none"
    }

    private enum Theme: String, Decodable, CaseIterable { case light, dark, system }
    private enum Level: Int, Decodable, CaseIterable { case one = 1, two }

    private struct Pages: Decodable, Equatable {
        var size: Int
        var ratio: Double?
    }

    private struct Wiki: Decodable {
        var title: String
        var pages: Pages?
        var hosts: [String]?
        var theme: Theme?
        var isOpen: Bool?
        var limits: [String: Int]?
        var mirrors: [Pages]?
    }

    @Test("settings decode with and without optional keys")
    func whole() throws {
        let wiki = try self.decoded(
            Wiki.self,
            #"{"title":"A","pages":{"size":3,"ratio":2},"hosts":["a","b"],"theme":"dark","isOpen":true,"#
                + #""limits":{"a.b":1,"c":2},"mirrors":[{"size":1},{"size":2,"ratio":0.5}]}"#)
        #expect(wiki.title == "A")
        #expect(wiki.pages == Pages(size: 3, ratio: 2))
        #expect(wiki.hosts == ["a", "b"])
        #expect(wiki.theme == .dark)
        #expect(wiki.isOpen == true)
        #expect(wiki.limits == ["a.b": 1, "c": 2])
        #expect(wiki.mirrors == [Pages(size: 1), Pages(size: 2, ratio: 0.5)])
        let least = try self.decoded(Wiki.self, #"{"title":"","pages":null}"#)
        #expect(least.title == "" && least.pages == nil && least.hosts == nil)
        #expect(try self.decoded(Int.self, "7") == 7)
        #expect(try self.decoded([Int?].self, "[1,null]") == [1, nil])
        #expect(try self.decoded([Int: Bool].self, #"{"7":true}"#) == [7: true])
    }

    @Test("no value is converted; the message says what was found and what is allowed")
    func mismatches() {
        #expect(self.refused(Bool.self, #""yes""#) == "found the text 'yes', expected true or false")
        #expect(self.refused(Bool.self, "1") == "found 1, expected true or false")
        #expect(self.refused(String.self, "[]") == "found a list, expected text")
        #expect(self.refused(String.self, "12") == "found 12, expected text")
        #expect(self.refused(Int.self, #""12""#) == "found the text '12', expected a whole number")
        #expect(self.refused(Int.self, "12.5") == "found 12.5, expected a whole number")
        #expect(self.refused(Int.self, "3.0") == "found 3.0, expected a whole number")
        #expect(self.refused(Int.self, "1e3") == "found 1e3, expected a whole number")
        #expect(self.refused(Int.self, "true") == "found true, expected a whole number")
        #expect(self.refused(Double.self, #""1.5""#) == "found the text '1.5', expected a number")
        #expect(self.refused(Float.self, "{}") == "found a map, expected a number")
        #expect(self.refused([Int].self, #"{"a":1}"#) == "found a map, expected a list")
        #expect(self.refused(Pages.self, "[1]") == "found a list, expected a map")
        #expect(self.refused(String.self, "null") == "found nothing, expected text")
        #expect(self.refused(Wiki.self, #"{"title":null}"#) == "title: found nothing, expected text")
    }

    @Test("every number type accepts its whole range and nothing outside")
    func numbers() throws {
        func ends<Number: FixedWidthInteger & Decodable>(_ type: Number.Type, _ below: String, _ above: String) throws {
            #expect(try self.decoded(type, "\(Number.min)") == .min)
            #expect(try self.decoded(type, "\(Number.max)") == .max)
            let expected = "\(Number.min) to \(Number.max)"
            #expect(self.refused(type, below) == "found \(below), expected \(expected)")
            #expect(self.refused(type, above) == "found \(above), expected \(expected)")
        }
        try ends(Int8.self, "-129", "300")
        try ends(Int16.self, "-32769", "32768")
        try ends(Int32.self, "-2147483649", "2147483648")
        try ends(Int64.self, "-9223372036854775809", "9223372036854775808")
        try ends(Int.self, "-9223372036854775809", "9223372036854775808")
        try ends(Int128.self, "-\(UInt128.max)", "\(UInt128.max)")
        try ends(UInt8.self, "-1", "256")
        try ends(UInt16.self, "-1", "65536")
        try ends(UInt32.self, "-1", "4294967296")
        try ends(UInt64.self, "-1", "18446744073709551616")
        try ends(UInt.self, "-1", "18446744073709551616")
        try ends(UInt128.self, "-1", "\(UInt128.max)0")
        #expect(self.refused(Int8.self, "300") == "found 300, expected -128 to 127")
        #expect(try self.decoded(UInt8.self, "-0") == 0)
        #expect(try self.decoded(Double.self, "3") == 3)
        #expect(try self.decoded(Double.self, "-1.5e+2") == -150)
        #expect(try self.decoded(Float.self, "0.1") == 0.1)
        #expect(
            self.refused(Float.self, "1e39") == "found 1e39, expected -3.4028235e+38 to 3.4028235e+38")
        #expect(self.refused(Double.self, "-1e400").hasPrefix("found -1e400, expected -1.797"))
    }

    @Test("an error names the key from the root, with the index in a list")
    func keys() {
        #expect(self.refused(Wiki.self, "{}") == "title: missing, expected text")
        #expect(
            self.refused(Wiki.self, #"{"title":"","pages":{}}"#)
                == "pages.size: missing, expected a whole number")
        #expect(
            self.refused(Wiki.self, #"{"title":"","pages":{"size":true}}"#)
                == "pages.size: found true, expected a whole number")
        #expect(
            self.refused(Wiki.self, #"{"title":"","hosts":["a",7]}"#) == "hosts.1: found 7, expected text")
        #expect(
            self.refused(Wiki.self, #"{"title":"","mirrors":[{"size":1},{"size":""}]}"#)
                == "mirrors.1.size: found the text '', expected a whole number")
        #expect(
            self.refused(Wiki.self, #"{"title":"","limits":{"a":1,"b":"2"}}"#)
                == "limits.b: found the text '2', expected a whole number")
    }

    @Test("the error for a missing key names the type that it must have")
    func missing() {
        struct One<Value: Decodable>: Decodable { let value: Value }
        struct Text: RawRepresentable, Decodable { let rawValue: String }
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        #expect(self.refused(One<Bool>.self, "{}") == "value: missing, expected true or false")
        #expect(self.refused(One<Float>.self, "{}") == "value: missing, expected a number")
        #expect(self.refused(One<[Int]>.self, "{}") == "value: missing, expected a list")
        #expect(self.refused(One<Pages>.self, "{}") == "value: missing, expected a map")
        #expect(self.refused(One<Theme>.self, "{}") == "value: missing, expected text")
        #expect(self.refused(One<Text>.self, "{}") == "value: missing, expected text")
        #expect(self.refused(One<Anything>.self, "{}") == "value: missing, expected a value")
    }

    @Test("the error for an invalid enum value lists the cases, whatever their raw type")
    func cases() throws {
        enum Old: String, Decodable, CaseIterable {
            case new
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "went in 2.0; write 'new'")
            }
        }
        enum Only: String, Decodable, CaseIterable { case one }
        struct Even: RawRepresentable, Decodable {
            let rawValue: Int
            init?(rawValue: Int) {
                guard rawValue % 2 == 0 else { return nil }
                self.rawValue = rawValue
            }
        }
        #expect(self.refused(Theme.self, #""dak""#) == "found 'dak', expected one of light, dark, system")
        #expect(
            self.refused(Wiki.self, #"{"title":"","theme":"a\nb"}"#)
                == #"theme: found 'a\nb', expected one of light, dark, system"#)
        #expect(self.refused([Theme].self, #"["dark","x"]"#) == "1: found 'x', expected one of light, dark, system")
        #expect(self.refused(Level.self, "3") == "found 3, expected one of 1, 2")
        #expect(self.refused(Only.self, #""two""#) == "found 'two', expected one")
        #expect(self.refused(Theme.self, "3") == "found 3, expected text")
        #expect(self.refused(Old.self, #""old""#) == "went in 2.0; write 'new'")
        #expect(self.refused(Even.self, "3").contains("3"))
        #expect(try self.decoded(Level.self, "2") == .two)
    }

    @Test("an unknown key is refused, with the most similar known key or all of them")
    func unknown() {
        #expect(
            self.refused(Wiki.self, #"{"title":"","hots":[]}"#) == "hots: unknown key (did you mean 'hosts'?)")
        #expect(
            self.refused(Wiki.self, #"{"title":"","colour":1}"#)
                == "colour: unknown key (known: title, pages, hosts, theme, isOpen, limits, mirrors)")
        #expect(
            self.refused(Wiki.self, #"{"title":"","pages":{"size":1,"length":2}}"#)
                == "pages.length: unknown key (known: size, ratio)")
        #expect(
            self.refused(Wiki.self, #"{"title":"","mirrors":[{"size":1},{"size":1,"siez":2}]}"#)
                == "mirrors.1.siez: unknown key (did you mean 'size'?)")
        // The first unknown key in document order.
        #expect(self.refused(Pages.self, #"{"x":{},"size":1,"y":{}}"#) == "x: unknown key (known: size, ratio)")
        // A key that needs as many edits as it has characters is not similar.
        #expect(self.refused(Pages.self, #"{"size":1,"si":1}"#).hasSuffix("(did you mean 'size'?)"))
        struct Short: Decodable { let id: Int? }
        #expect(self.refused(Short.self, #"{"xy":1}"#) == "xy: unknown key (known: id)")
        #expect(
            self.refused([String: Pages].self, #"{"a":{"size":1},"b":{"size":1,"c":1}}"#).hasPrefix("b.c: unknown key"))
    }

    @Test("an invalid or missing value is reported before an unknown key")
    func order() {
        #expect(self.refused(Pages.self, #"{"siez":1}"#) == "size: missing, expected a whole number")
    }

    @Test("any request makes a key known: contains, nil, nested, super; a dictionary knows all keys")
    func asking() throws {
        enum Keys: String, CodingKey { case asked, empty, inner, list, parent, deep }
        struct Asking: Decodable {
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Keys.self)
                #expect(container.contains(.asked) && !container.contains(.deep))
                #expect(try container.decodeNil(forKey: .empty))
                let inner = try container.nestedContainer(keyedBy: Keys.self, forKey: .inner)
                #expect(try inner.decode(Int.self, forKey: .deep) == 1)
                #expect(inner.codingPath.map(\.stringValue) == ["inner"])
                var list = try container.nestedUnkeyedContainer(forKey: .list)
                #expect(try list.decode(Int.self) == 2)
                #expect(try String(from: try container.superDecoder()) == "s")
                #expect(try String(from: try container.superDecoder(forKey: .parent)) == "p")
            }
        }
        let json = #"{"asked":1,"empty":null,"inner":{"deep":1},"list":[2],"super":"s","parent":"p"}"#
        #expect(self.refused(Asking.self, json) == "none")
        #expect(
            self.refused(Asking.self, json.dropLast() + #","other":1}"#)
                == "other: unknown key (known: asked, deep, empty, inner, list, super, parent)")
        #expect(
            self.refused(
                Asking.self, #"{"asked":1,"empty":null,"inner":{"deep":1,"x":1},"list":[2],"super":"s","parent":"p"}"#)
                == "inner.x: unknown key (known: deep)")
        #expect(self.refused([String: [String: Int]].self, #"{"a":{"b":1},"c":{}}"#) == "none")
        struct Names: Decodable {
            init(from decoder: any Decoder) throws {
                #expect(try decoder.container(keyedBy: PathKey.self).allKeys.map(\.stringValue) == ["b", "a"])
            }
        }
        // A value that its type does not decode is not checked for unknown keys.
        #expect(self.refused(Names.self, #"{"b":{"c":1},"a":2}"#) == "none")
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        #expect(self.refused([Anything].self, #"[{"c":1}]"#) == "none")
    }

    @Test("an enum with associated values accepts one case and no other key")
    func enumWithValues() throws {
        enum Store: Decodable, Equatable {
            case memory
            case file(path: String)
        }
        #expect(try self.decoded(Store.self, #"{"file":{"path":"/a"}}"#) == .file(path: "/a"))
        #expect(try self.decoded(Store.self, #"{"memory":{}}"#) == .memory)
        #expect(self.refused(Store.self, #"{"file":{"paht":"/a"}}"#).hasPrefix("file.path: missing, expected text"))
        #expect(self.refused(Store.self, #"{"memory":{},"sise":1}"#) == "sise: unknown key (known: memory)")
    }

    @Test("the elements of a list decode one after another; none past the end")
    func lists() throws {
        struct Turn: Decodable {
            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                #expect(list.count == 5 && list.currentIndex == 0)
                #expect(try !list.decodeNil())
                // An element that cannot be decoded is not skipped.
                #expect(throws: DecodingError.self) { try list.decode(String.self) }
                #expect(try list.decode(Int.self) == 1)
                #expect(try list.decodeNil())
                let map = try list.nestedContainer(keyedBy: PathKey.self)
                #expect(try map.decode(Int.self, forKey: PathKey(stringValue: "a")) == 2)
                var inner = try list.nestedUnkeyedContainer()
                #expect(try inner.decode(Int.self) == 3)
                #expect(inner.codingPath.map(\.stringValue) == ["3"])
                #expect(try Int(from: try list.superDecoder()) == 4)
                #expect(list.isAtEnd && list.currentIndex == 5)
                do { _ = try list.decode(Int.self) } catch DecodingError.valueNotFound {}
                #expect(throws: DecodingError.self) { try list.decodeNil() }
                #expect(throws: DecodingError.self) { try list.superDecoder() }
                #expect(try list.decodeIfPresent(Int.self) == nil)
                _ = try list.decode(Bool.self)
            }
        }
        #expect(
            self.refused(Turn.self, #"[1,null,{"a":2},[3],4]"#) == "5: missing, expected true or false")
    }

    @Test("a class decodes the keys of its superclass from the same map, or from a map of its own")
    func classes() throws {
        class Base: Decodable { let name: String }
        final class Flat: Base {
            let size: Int
            enum Keys: CodingKey { case size }
            required init(from decoder: any Decoder) throws {
                self.size = try decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .size)
                try super.init(from: decoder)
            }
        }
        final class Nested: Base {
            let size: Int
            required init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Flat.Keys.self)
                self.size = try container.decode(Int.self, forKey: .size)
                try super.init(from: try container.superDecoder())
            }
        }
        #expect(try self.decoded(Flat.self, #"{"name":"a","size":1}"#).name == "a")
        #expect(self.refused(Flat.self, #"{"name":"a","size":1,"x":1}"#) == "x: unknown key (known: size, name)")
        #expect(try self.decoded(Nested.self, #"{"super":{"name":"a"},"size":1}"#).name == "a")
        #expect(self.refused(Nested.self, #"{"size":1}"#) == "super: missing, expected a map")
    }

    @Test("an error that a type throws is reported at its key; a SettingsError stays as it is")
    func own() {
        struct Odd: Error, CustomStringConvertible { let description = "is odd" }
        struct Port: Decodable {
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                switch try container.decode(Int.self) {
                case 0: throw DecodingError.dataCorruptedError(in: container, debugDescription: "found 0; 1 is allowed")
                case 1: throw SettingsError(key: "elsewhere", message: "as it is")
                default: throw Odd()
                }
            }
        }
        struct Server: Decodable { let ports: [Port] }
        #expect(self.refused(Server.self, #"{"ports":[0]}"#) == "ports.0: found 0; 1 is allowed")
        #expect(self.refused(Server.self, #"{"ports":[1]}"#) == "elsewhere: as it is")
        #expect(self.refused(Server.self, #"{"ports":[2]}"#) == "ports.0: is odd")
        #expect(self.refused(Port.self, "2") == "is odd")
    }

    @Test("a type may try several forms, one after another")
    func forms() throws {
        struct Either: Decodable {
            let pages: Pages
            init(from decoder: any Decoder) throws {
                do { self.pages = Pages(size: try Int(from: decoder)) } catch DecodingError.typeMismatch {
                    self.pages = try Pages(from: decoder)
                }
            }
        }
        #expect(try self.decoded([Either].self, #"[3,{"size":4}]"#).map(\.pages.size) == [3, 4])
        #expect(self.refused(Either.self, #"{"size":4,"x":1}"#) == "x: unknown key (known: size, ratio)")
    }

    @Test("the error for a value outside of a range says what is allowed")
    func ranges() throws {
        struct Ranged: Decodable {
            let size: Int
            let share: Double?
            enum CodingKeys: CodingKey { case size, share }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                self.size = try container.decode(Int.self, forKey: .size, in: 1...500)
                self.share = try container.decodeIfPresent(Double.self, forKey: .share, in: 0...1)
            }
        }
        struct Outer: Decodable { let pages: Ranged }
        #expect(try self.decoded(Ranged.self, #"{"size":1,"share":1}"#).share == 1)
        #expect(try self.decoded(Ranged.self, #"{"size":500,"share":null}"#).share == nil)
        #expect(try self.decoded(Ranged.self, #"{"size":500}"#).size == 500)
        #expect(self.refused(Ranged.self, #"{"size":0}"#) == "size: found 0, expected 1 to 500")
        #expect(self.refused(Outer.self, #"{"pages":{"size":501}}"#) == "pages.size: found 501, expected 1 to 500")
        #expect(self.refused(Ranged.self, #"{"size":1,"share":1.5}"#) == "share: found 1.5, expected 0.0 to 1.0")
        #expect(self.refused(Ranged.self, "{}") == "size: missing, expected a whole number")
    }

    @Test("invalid JSON is refused with its byte offset; messages are short and on one line")
    func messages() {
        #expect(self.refused(Int.self, "{") == "invalid JSON: unexpected end (byte 1)")
        #expect(
            self.refused(Int.self, #""a\n\u2028b""#) == #"found the text 'a\n\u{2028}b', expected a whole number"#)
        let long = String(repeating: "x", count: 100)
        #expect(
            self.refused(Int.self, "\"\(long)\"")
                == "found the text '\(long.prefix(Wording.longestShown))...', expected a whole number")
        #expect(self.refused(Pages.self, #"{"size":1,"a\nb":1}"#) == #"a\nb: unknown key (known: size, ratio)"#)
        let error = SettingsError(key: "a.b", message: "c")
        #expect(error.key == "a.b" && error.message == "c" && error.description == "a.b: c")
    }
}
