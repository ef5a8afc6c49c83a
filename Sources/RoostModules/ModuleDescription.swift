import CASGI
import RoostSystem

/// The description of a module, from its `asgi_module_info`.
package struct ModuleDescription: Sendable, Equatable {
    package var isGiven = false
    package var abi: UInt32 = UInt32(ASGI_ABI)
    package var draft: UInt32 = UInt32(ASGI_DRAFT)
    package var flags: UInt32 = 0
    package var name = ""
    package var version = ""
    package var settings = ""

    package init() {}

    /// Calls the `asgi_module_info` at an address. Nil: the module has none, and is assumed to use the host's draft.
    package init(of address: UnsafeMutableRawPointer?) throws {
        guard let address else { return }
        let info = unsafeBitCast(address, to: (@convention(c) () -> UnsafePointer<asgi_module>?).self)
        guard let given = info() else { throw HostError(code: .module, message: "asgi_module_info returned NULL") }
        // The struct must at least contain the fields that name its ABI and draft.
        guard asgi_module_has_contract(given) != 0 else {
            throw HostError(
                code: .module,
                message: "asgi_module_info returned a description with size \(given.pointee.size); set it to sizeof")
        }
        withUnsafeTemporaryAllocation(byteCount: asgi_module_size(), alignment: 16) { room in
            let whole = room.baseAddress!.assumingMemoryBound(to: asgi_module.self)
            asgi_module_read(given, whole)
            self.isGiven = true
            self.abi = whole.pointee.abi
            self.draft = whole.pointee.draft
            // The strings of another ABI or draft may be at other offsets.
            guard self.abi == UInt32(ASGI_ABI), self.draft == UInt32(ASGI_DRAFT) else { return }
            self.flags = whole.pointee.flags
            self.name = String(decoding: UnsafeRawBufferPointer(whole.pointee.name), as: UTF8.self)
            self.version = String(decoding: UnsafeRawBufferPointer(whole.pointee.version), as: UTF8.self)
            self.settings = String(decoding: UnsafeRawBufferPointer(whole.pointee.settings), as: UTF8.self)
        }
    }

    /// The names of the flags that are set.
    var flagNames: [String] {
        let known: [(UInt32, String)] = [
            (ASGI_BLOCKING, "ASGI_BLOCKING"), (ASGI_BLOCKING_WEBSOCKET, "ASGI_BLOCKING_WEBSOCKET"),
            (ASGI_ONE_LOOP, "ASGI_ONE_LOOP"), (ASGI_RELOAD_PROCESS, "ASGI_RELOAD_PROCESS"),
        ]
        return known.filter { self.flags & $0.0 != 0 }.map(\.1)
    }

    /// Why a host with this number of event loops cannot serve the module; nil if it can.
    package func fault(threads: Int) -> String? {
        if let fault { return fault }
        guard self.flags & ASGI_ONE_LOOP != 0, threads > 1 else { return nil }
        return
            "requires ASGI_ONE_LOOP; serve it with --threads 1 (--workers adds processes, --wsgi-threads threads for WSGI)"
    }

    /// Why this host cannot serve the module; nil if it can.
    package var fault: String? {
        guard self.abi == UInt32(ASGI_ABI) else {
            return "is built for ABI \(self.abi), but this host has ABI \(ASGI_ABI); build it with this host's asgi.h"
        }
        guard self.draft == UInt32(ASGI_DRAFT) else {
            return "is built for draft \(self.draft) of the ABI, but this host has draft \(ASGI_DRAFT);"
                + " build it with this host's asgi.h"
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    fileprivate init(_ string: asgi_string) {
        self.init(start: string.data, count: string.data == nil ? 0 : string.size)
    }
}
