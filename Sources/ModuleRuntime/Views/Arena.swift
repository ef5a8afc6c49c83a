import Glibc
import HTTPServer

/// Memory that is freed all at once. For one thread at a time.
struct Arena: ~Copyable {
    /// The newest block. Each block begins with the address of the previous one.
    private var newest: UnsafeMutableRawPointer?
    private var next: UnsafeMutableRawPointer?
    private var room = 0

    private static let blockSize = 4096
    private static let alignment = 16

    deinit {
        var block = self.newest
        while let this = block {
            block = this.load(as: UnsafeMutableRawPointer?.self)
            free(this)
        }
    }

    /// Allocates memory that is aligned for every type, is not zeroed, and lives as long as the arena. Returns nil if
    /// there is no memory left.
    mutating func allocate(ifThereIs size: Int) -> UnsafeMutableRawPointer? {
        // A size of C above half of the address space arrives as a negative number.
        guard 0...(Int.max / 2) ~= size else { return nil }
        let rounded = (max(size, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
        guard rounded <= Self.blockSize / 4 else { return self.makeBlock(rounded) }
        if self.room < rounded {
            guard let block = self.makeBlock(Self.blockSize - Self.alignment) else { return nil }
            self.next = block
            self.room = Self.blockSize - Self.alignment
        }
        let memory = self.next!
        self.next = memory + rounded
        self.room -= rounded
        return memory
    }

    /// The same for sizes that are limited elsewhere. Ends the process if there is no memory, as Swift does.
    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        guard let memory = self.allocate(ifThereIs: size) else { fatalError("out of memory (\(size) bytes)") }
        return memory
    }

    private mutating func makeBlock(_ size: Int) -> UnsafeMutableRawPointer? {
        // glibc aligns the memory for every type (malloc(3)).
        guard let block = malloc(Self.alignment + size) else { return nil }
        block.storeBytes(of: self.newest, as: UnsafeMutableRawPointer?.self)
        self.newest = block
        return block + Self.alignment
    }

    mutating func copy(_ bytes: UnsafeRawBufferPointer) -> Octets {
        let memory = self.allocate(bytes.count)
        if let start = bytes.baseAddress { memory.copyMemory(from: start, byteCount: bytes.count) }
        return Octets(UnsafeRawBufferPointer(start: memory, count: bytes.count))
    }

    /// Allocates memory for `count` elements, not initialized.
    mutating func allocate<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
        self.allocate(count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: count)
    }

    mutating func copy<Element>(_ elements: [Element]) -> UnsafePointer<Element>? {
        guard !elements.isEmpty else { return nil }
        let memory = self.allocate(elements.count, of: Element.self)
        memory.initialize(from: elements, count: elements.count)
        return UnsafePointer(memory)
    }
}
