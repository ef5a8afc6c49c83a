import CASGI

extension Headers {
    /// Calls `body` with the fields as structs of the ABI, names in lower case. They are valid during the call.
    @inline(never)
    func withFields<Result>(_ body: (UnsafeBufferPointer<asgi_header>) -> Result) -> Result {
        let count = self.count
        guard count > 0 else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
        let fieldsSize = count * MemoryLayout<asgi_header>.stride
        let size = self.reduce(fieldsSize) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        return withUnsafeTemporaryAllocation(
            byteCount: size, alignment: MemoryLayout<asgi_header>.alignment
        ) { block in
            var end = block.baseAddress! + fieldsSize
            func copy(_ text: String) -> UnsafeMutableRawBufferPointer {
                var text = text
                return text.withUTF8 { bytes in
                    defer { end += bytes.count }
                    let copy = UnsafeMutableRawBufferPointer(start: end, count: bytes.count)
                    copy.copyMemory(from: UnsafeRawBufferPointer(bytes))
                    return copy
                }
            }
            let fields = block.baseAddress!.bindMemory(to: asgi_header.self, capacity: count)
            for (index, header) in self.enumerated() {
                let name = copy(header.name)
                for at in name.indices { name[at] = name[at].lowerCased }
                (fields + index).initialize(
                    to: asgi_header(
                        name: asgi_string(UnsafeRawBufferPointer(name)),
                        value: asgi_string(UnsafeRawBufferPointer(copy(header.value)))
                    )
                )
            }
            return body(UnsafeBufferPointer(start: fields, count: count))
        }
    }
}
