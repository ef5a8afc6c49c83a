import CLinux
import Glibc
package import RoostSystem

/// The order for a probe child: the modules to load, and the privileges to switch to first.
///
/// The child reads it from a memory file of sealed size. The system limits the size of a command line, and shows it to
/// every user.
package struct ProbeOrder: MessageCodable {
    /// The descriptor from which the child reads its order.
    package static let descriptor: CInt = 4
    private static let largest = Int(UInt32.max)

    package let privileges: Privileges
    package let modules: [ModuleProbe.Module]

    package init(privileges: Privileges, modules: [ModuleProbe.Module]) {
        self.privileges = privileges
        self.modules = modules
    }

    package func encode(to writer: inout MessageWriter) {
        writer.write(self.privileges)
        writer.write(self.modules)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.privileges = try reader.read()
        self.modules = try reader.readList()
    }

    /// Creates the memory file for the child. The caller closes it. Throws `HostError`.
    func makeFile() throws -> CInt {
        let bytes = MessageFrame.encode(self)
        let file = roost_memory_make("roost-probe", bytes.count)
        guard file >= 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else {
            let reason = String(cString: strerror(errno))
            if file >= 0 { close(file) }
            throw HostError(code: .exhausted, message: "out of memory for the probe order: \(reason)")
        }
        return file
    }

    /// Reads the order in the child. Throws `HostError` if this process is not a probe child.
    package static func read() throws -> ProbeOrder {
        var buffer = MessageBuffer<ProbeOrder>(limit: Self.largest)
        var part = [UInt8](repeating: 0, count: 64 << 10)
        var position = 0
        while true {
            let count = pread(Self.descriptor, &part, part.count, position)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            position += count
            if let order = try? buffer.receive(part[..<count]).first {
                close(Self.descriptor)
                return order
            }
        }
        throw HostError(code: .usage, message: "roost probe is started by roost only")
    }
}
