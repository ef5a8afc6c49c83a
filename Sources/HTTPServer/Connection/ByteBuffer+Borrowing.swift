import Glibc
@_spi(CustomByteBufferAllocator) import NIOCore

extension ByteBuffer {
    /// Creates a buffer over bytes that it does not own: it never frees them, and a mutation copies them first.
    ///
    /// The owner keeps the bytes valid until the buffer is released. For a buffer that is only written to a channel,
    /// that is when the write completes.
    init(borrowing octets: Octets) {
        self.init(
            takingOwnershipOf: UnsafeMutableRawBufferPointer(mutating: octets.bytes),
            allocator: Self.borrower
        )
    }

    /// `deallocate` gets no context from NIO. The release of the bytes is therefore tied to the write's promise.
    private static let borrower = ByteBufferAllocator(
        allocate: { malloc($0) },
        reallocate: { old, oldSize, size in
            let new = malloc(size)
            if let old, let new { memcpy(new, old, min(oldSize, size)) }
            return new
        },
        deallocate: { _ in },
        copy: { memcpy($0, $1, $2) }
    )
}
