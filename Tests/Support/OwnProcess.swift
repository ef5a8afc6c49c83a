import Foundation

/// Runs one test again in a process of its own, for tests that count descriptors or change the working directory.
///
/// Swift Testing's exit tests do not work here. Their monitor waits for any child of the process, and spins while a
/// child that it does not own has exited and has not been reaped.
public enum OwnProcess {
    private static let variable = "ROOST_TEST_OWN_PROCESS"

    /// Whether `run` started this process.
    public static var isHere: Bool { ProcessInfo.processInfo.environment[self.variable] != nil }

    /// Runs a test, named by its identifier without parentheses, and returns the output of the process. A filter that
    /// matches nothing also succeeds: check that the output reports one test.
    public static func run(_ test: String) throws -> Command {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try Command.run(
            ["timeout", "120", executable, "--filter", test + "\\(\\)", "--testing-library", "swift-testing"],
            environment: [self.variable: "1"])
    }
}
