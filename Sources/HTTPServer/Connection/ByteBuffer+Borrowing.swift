import Glibc
@_spi(CustomByteBufferAllocator) import NIOCore

extension ByteBuffer {
    /// A buffer over bytes that stay whose they are: it never frees them, and whoever changes it gets a copy.
    ///
    /// The owner keeps them until the buffer is gone; for one that is only written, that is when its write is done.
    init(borrowing octets: Octets) {
        self.init(
            takingOwnershipOf: UnsafeMutableRawBufferPointer(mutating: octets.bytes),
            allocator: Self.borrower
        )
    }

    /// NIO's interface hands `deallocate` no context, so what follows the last use hangs on the write's promise instead.
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
