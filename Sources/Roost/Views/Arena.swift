import HTTPServer

/// Memory that is given back all at once. One thread at a time.
struct Arena: ~Copyable {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var next: UnsafeMutableRawPointer?
    private var room = 0

    private static let blockSize = 4096
    private static let alignment = 16

    deinit { for block in self.blocks { block.deallocate() } }

    /// Aligned for everything, not zeroed; lives as long as the arena.
    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let rounded = (max(size, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
        guard rounded <= Self.blockSize / 4 else { return self.makeBlock(rounded) }
        if self.room < rounded {
            self.next = self.makeBlock(Self.blockSize)
            self.room = Self.blockSize
        }
        let memory = self.next!
        self.next = memory + rounded
        self.room -= rounded
        return memory
    }

    private mutating func makeBlock(_ size: Int) -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
        self.blocks.append(block)
        return block
    }

    mutating func copy(_ bytes: UnsafeRawBufferPointer) -> Octets {
        let memory = self.allocate(bytes.count)
        if let start = bytes.baseAddress { memory.copyMemory(from: start, byteCount: bytes.count) }
        return Octets(UnsafeRawBufferPointer(start: memory, count: bytes.count))
    }

    mutating func copy<Element>(_ elements: [Element]) -> UnsafePointer<Element>? {
        guard !elements.isEmpty else { return nil }
        let memory = self.allocate(elements.count * MemoryLayout<Element>.stride)
            .bindMemory(to: Element.self, capacity: elements.count)
        memory.initialize(from: elements, count: elements.count)
        return UnsafePointer(memory)
    }
}
