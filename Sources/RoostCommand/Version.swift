import ArgumentParser
import ModuleRuntime

/// `roost version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say which roost this is.")

    func run() { Terminal.output.write("roost \(RoostVersion.current) (ABI \(RoostVersion.abi))\n") }
}
