import ArgumentParser
import ModuleRuntime
import RoostSystem

/// `roost version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the version.")

    func run() { Terminal.output.write("roost \(RoostVersion.current) (ABI \(RoostVersion.abi))\n") }
}
