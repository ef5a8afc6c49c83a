import Glibc

/// A list of header fields that owns its memory, for the trailers of a request. Loop-bound.
package final class FieldList {
    private var table: UnsafeMutableBufferPointer<HeaderField>
    private var count = 0

    /// `most`: the maximum number of fields.
    package init(most: Int) { self.table = .allocate(capacity: most) }

    deinit {
        self.removeAll()
        self.table.deallocate()
    }

    /// Valid until `removeAll`.
    package var fields: HeaderFields { HeaderFields(start: self.table.baseAddress, count: self.count) }

    /// Appends a copy of a field, with the name in lower case.
    package func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: name.count + value.count)
        for (at, byte) in name.enumerated() { (memory + at).initialize(to: ASCII.lowercased(byte)) }
        if let bytes = value.baseAddress { memcpy(memory + name.count, bytes, value.count) }
        self.table.initializeElement(
            at: self.count,
            to: HeaderField(name: Octets(memory, name.count), value: Octets(memory + name.count, value.count))
        )
        self.count += 1
    }

    package func removeAll() {
        for field in self.fields { field.name.data?.deallocate() }
        self.count = 0
    }
}

@available(*, unavailable)
extension FieldList: Sendable {}
