extension SettingsDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool {
        switch self.value {
        case nil, .null: true
        default: false
        }
    }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let bool) = self.value else { throw self.refusal(type, "true or false") }
        return bool
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .string(let text) = self.value else { throw self.refusal(type, "text") }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double { try self.fraction(type) }
    func decode(_ type: Float.Type) throws -> Float { try self.fraction(type) }
    func decode(_ type: Int.Type) throws -> Int { try self.whole(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try self.whole(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try self.whole(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try self.whole(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try self.whole(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try self.whole(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try self.whole(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try self.whole(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try self.whole(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try self.whole(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try self.whole(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try self.whole(type) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do { return try Value(from: self) } catch let error as DecodingError {
            throw self.namingCases(of: type, error)
        } catch let error as SettingsError { throw error } catch {
            // Any other error of a type is reported at the key that the type was decoded from.
            throw DecodingError.dataCorrupted(self.context("\(error)", error))
        }
    }

    private func whole<Whole: FixedWidthInteger>(_ type: Whole.Type) throws -> Whole {
        guard case .number(let text) = self.value, !text.contains(where: { ".eE".contains($0) }) else {
            throw self.refusal(type, "a whole number")
        }
        guard let number = Whole(text) else { throw self.refusal(outside: Whole.min...Whole.max) }
        return number
    }

    private func fraction<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Number.Type
    ) throws -> Number {
        guard case .number(let text) = self.value else { throw self.refusal(type, "a number") }
        let largest = Number.greatestFiniteMagnitude
        guard let number = Number(text), number.isFinite else {
            throw self.refusal(outside: -largest...largest)
        }
        return number
    }
}
