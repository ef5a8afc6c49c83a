import Glibc

/// The properties of an ELF file, read without loading it (System V ABI, gABI 4.1; LSB for the GNU parts).
///
/// A value parsed from bytes, without I/O. The file is untrusted: every offset is checked before use.
package struct ELFImage: Sendable {
    /// Why the file is not a shared library that this machine can load.
    package enum Fault: Error, Equatable {
        case notELF
        case otherMachine(String)
        case notSharedObject(String)
        case truncated
        case malformed(String)
    }

    struct Symbol: Sendable {
        let name: String
        let isFunction: Bool
        let isUnique: Bool
    }

    package private(set) var needed: [String] = []
    /// The folders to search for `needed`, with `$ORIGIN` unexpanded.
    private(set) var searchPath: [String] = []
    package private(set) var soname: String?
    /// Whether its thread-local storage comes from a small pool that is never freed (DF_STATIC_TLS).
    private(set) var hasStaticTLS = false
    /// Symbols that are defined and global.
    private(set) var exports: [Symbol] = []

    /// Symbols with STB_GNU_UNIQUE: a process has one definition of each, whichever module loads it. Without those of
    /// the C++ library, which are the same in every module that uses it.
    var uniqueSymbols: [String] {
        self.exports.filter(\.isUnique).map(\.name).filter { name in
            !["_ZNSt", "_ZNKSt", "_ZZNSt", "_ZGVZNSt", "_ZGVNSt", "_ZNSs", "_ZN9__gnu_cxx"].contains {
                name.hasPrefix($0)
            }
        }
    }

    func exportsFunction(_ name: String) -> Bool { self.exports.contains { $0.name == name && $0.isFunction } }

    package init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        let file = ELFBytes(bytes)
        let header = try Self.header(file)
        guard let segments = ELFSegments(file, header) else { throw .truncated }
        guard segments.isComplete else { throw .truncated }
        guard let dynamic = segments.dynamic else { throw .notSharedObject("it has no dynamic section") }
        try self.readDynamic(dynamic, segments, file)
    }

    private static func header(_ file: ELFBytes) throws(Fault) -> Elf64_Ehdr {
        guard file.bytes.count >= 16, file.bytes.prefix(4).elementsEqual([0x7f, 0x45, 0x4c, 0x46]) else {
            throw .notELF
        }
        guard file.bytes[4] == 2 else { throw .otherMachine("a 32-bit machine") }
        guard file.bytes[5] == 1 else { throw .otherMachine("a big-endian machine") }
        guard let header = file.load(Elf64_Ehdr.self, at: 0) else { throw .truncated }
        guard header.e_machine == Self.machine else { throw .otherMachine(Self.name(ofMachine: header.e_machine)) }
        guard header.e_type == 3 else {
            throw .notSharedObject(header.e_type == 1 ? "an object file; link it with -shared" : "an executable")
        }
        return header
    }

    #if arch(x86_64)
        package static let machine: UInt16 = 62
    #elseif arch(arm64)
        package static let machine: UInt16 = 183
    #endif

    package static func name(ofMachine machine: UInt16) -> String {
        switch machine {
        case 3: "i386"
        case 40: "32-bit ARM"
        case 62: "x86-64"
        case 183: "AArch64"
        case 243: "RISC-V"
        default: "machine \(machine)"
        }
    }

    private mutating func readDynamic(
        _ entries: [ELFDynamicEntry], _ segments: ELFSegments, _ file: ELFBytes
    ) throws(Fault) {
        func value(_ tag: Int64) -> UInt64? { entries.first { $0.tag == tag }?.value }
        // DT_FLAGS_1, DF_1_PIE: a position-independent executable, which looks like a shared object otherwise.
        if let flags = value(0x6fff_fffb), flags & 0x0800_0000 != 0 { throw .notSharedObject("an executable") }
        // DT_FLAGS, DF_STATIC_TLS.
        self.hasStaticTLS = (value(30) ?? 0) & 0x10 != 0

        guard let strings = value(5).flatMap(segments.offset), let stringsSize = value(10),
            let table = file.slice(strings, Int(clamping: stringsSize))
        else { throw .malformed("its string table is missing") }
        let names = ELFBytes(table)
        for entry in entries {
            switch entry.tag {
            case 1: if let name = names.string(at: entry.value) { self.needed.append(name) }
            case 14: self.soname = names.string(at: entry.value)
            // DT_RUNPATH, DT_RPATH.
            case 29, 15:
                let folders = names.string(at: entry.value)?.split(separator: ":").map(String.init)
                self.searchPath.append(contentsOf: folders ?? [])
            default: break
            }
        }
        guard let symbols = value(6).flatMap(segments.offset) else { throw .malformed("its symbol table is missing") }
        let hash = value(0x6fff_fef5).flatMap(segments.offset)
        let oldHash = value(4).flatMap(segments.offset)
        guard let count = ELFSymbolCount.of(file, gnuHash: hash, hash: oldHash) else {
            throw .malformed("its symbol table has no hash table")
        }
        for index in 0..<count {
            let at = symbols.addingReportingOverflow(index * MemoryLayout<Elf64_Sym>.size)
            guard !at.overflow, let symbol = file.load(Elf64_Sym.self, at: at.partialValue) else { throw .truncated }
            let binding = symbol.st_info >> 4
            let visibility = symbol.st_other & 3
            // What dlsym finds: defined (in a section); global, weak or unique; of default or protected visibility.
            guard symbol.st_shndx != 0, [1, 2, 10].contains(binding), [0, 3].contains(visibility),
                let name = names.string(at: UInt64(symbol.st_name))
            else { continue }
            let kind = symbol.st_info & 15
            self.exports.append(Symbol(name: name, isFunction: kind == 2 || kind == 10, isUnique: binding == 10))
        }
    }
}

/// `Elf64_Dyn`. Swift cannot load the C struct, since it contains a union.
private struct ELFDynamicEntry: BitwiseCopyable {
    let tag: Int64
    let value: UInt64
}

/// The program headers of a file: its parts, and where they are mapped.
private struct ELFSegments {
    let loads: [Elf64_Phdr]
    let isComplete: Bool
    let dynamic: [ELFDynamicEntry]?

    /// Nil if the table does not fit into the file.
    init?(_ file: ELFBytes, _ header: Elf64_Ehdr) {
        guard header.e_phentsize == UInt16(MemoryLayout<Elf64_Phdr>.size) else { return nil }
        var headers: [Elf64_Phdr] = []
        for index in 0..<Int(header.e_phnum) {
            let at = Int(clamping: header.e_phoff).addingReportingOverflow(index * MemoryLayout<Elf64_Phdr>.size)
            guard !at.overflow, let segment = file.load(Elf64_Phdr.self, at: at.partialValue) else { return nil }
            headers.append(segment)
        }
        self.loads = headers.filter { $0.p_type == 1 }
        // Linkers write the section headers last: if their table is truncated, the file is incomplete.
        let sections = UInt64(header.e_shnum) * UInt64(header.e_shentsize)
        self.isComplete =
            headers.allSatisfy { file.contains($0.p_offset, $0.p_filesz) } && file.contains(header.e_shoff, sections)
        guard let segment = headers.first(where: { $0.p_type == 2 }),
            let bytes = file.slice(Int(clamping: segment.p_offset), Int(clamping: segment.p_filesz))
        else {
            self.dynamic = nil
            return
        }
        var entries: [ELFDynamicEntry] = []
        let table = ELFBytes(bytes)
        var at = 0
        while let entry = table.load(ELFDynamicEntry.self, at: at), entry.tag != 0 {
            entries.append(entry)
            at += MemoryLayout<ELFDynamicEntry>.size
        }
        self.dynamic = entries
    }

    /// Returns the file offset of an address of the image.
    func offset(_ address: UInt64) -> Int? {
        for load in self.loads where address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz {
            let (sum, over) = (address - load.p_vaddr).addingReportingOverflow(load.p_offset)
            return over ? nil : Int(exactly: sum)
        }
        return nil
    }
}

/// The number of symbols. Only the hash tables contain it, not the dynamic section.
private enum ELFSymbolCount {
    static func of(_ file: ELFBytes, gnuHash: Int?, hash: Int?) -> Int? {
        if let hash { return file.load(UInt32.self, at: hash + 4).map { Int($0) } }
        return gnuHash.flatMap { self.gnu(file, at: $0) }
    }

    /// Returns the end of the last chain. A bucket holds the first symbol of a chain; a chain ends with an odd hash.
    private static func gnu(_ file: ELFBytes, at start: Int) -> Int? {
        guard let buckets = file.load(UInt32.self, at: start), let first = file.load(UInt32.self, at: start + 4),
            let bloom = file.load(UInt32.self, at: start + 8)
        else { return nil }
        let table = start + 16 + Int(bloom) * 8
        let chains = table + Int(buckets) * 4
        guard file.contains(UInt64(table), UInt64(buckets) * 4) else { return nil }
        var last: UInt32 = 0
        for index in 0..<Int(buckets) { last = max(last, file.load(UInt32.self, at: table + index * 4) ?? 0) }
        guard last >= first else { return Int(first) }
        var symbol = Int(last)
        while let hash = file.load(UInt32.self, at: chains + (symbol - Int(first)) * 4) {
            symbol += 1
            if hash & 1 == 1 { return symbol }
        }
        return nil
    }
}

/// Bytes of a file, read with bounds checks.
struct ELFBytes {
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func contains(_ offset: UInt64, _ size: UInt64) -> Bool {
        let (end, over) = offset.addingReportingOverflow(size)
        return !over && end <= UInt64(self.bytes.count)
    }

    func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? {
        guard offset >= 0, self.contains(UInt64(offset), UInt64(MemoryLayout<Value>.size)) else { return nil }
        return self.bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }

    func slice(_ offset: Int, _ size: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, size >= 0, self.contains(UInt64(offset), UInt64(size)) else { return nil }
        return UnsafeRawBufferPointer(rebasing: self.bytes[offset..<(offset + size)])
    }

    /// Returns the NUL-terminated string at an offset.
    func string(at offset: UInt64) -> String? {
        guard let start = Int(exactly: offset), start < self.bytes.count,
            let end = self.bytes[start...].firstIndex(of: 0)
        else { return nil }
        return String(decoding: self.bytes[start..<end], as: UTF8.self)
    }
}
