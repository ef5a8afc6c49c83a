package import RoostSystem

/// The report of a probe child about one module.
package struct ProbeReport: Sendable, Equatable {
    /// The module's description.
    package var description = ModuleDescription()
    /// Why the module cannot be loaded; nil if it can.
    package var fault: String?

    /// The descriptor to which the child writes its reports.
    package static let descriptor: CInt = 3

    package init(description: ModuleDescription = ModuleDescription(), fault: String? = nil) {
        self.description = description
        self.fault = fault
    }
}

extension ProbeReport: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.fault)
        writer.write(self.description.isGiven)
        writer.write(self.description.abi)
        writer.write(self.description.draft)
        writer.write(self.description.flags)
        writer.write(self.description.name)
        writer.write(self.description.version)
        writer.write(self.description.settings)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.fault = try reader.readOptional()
        self.description.isGiven = try reader.read()
        self.description.abi = try reader.read()
        self.description.draft = try reader.read()
        self.description.flags = try reader.read()
        self.description.name = try reader.read()
        self.description.version = try reader.read()
        self.description.settings = try reader.read()
    }
}
