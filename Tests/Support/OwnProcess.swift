import Foundation

/// Runs one test again in a process of its own, for tests that count descriptors or change the working folder.
///
/// Swift Testing's exit tests do not serve here: their monitor waits for any child of the process, and spins while a child of another
/// owner has ended and is not waited for.
public enum OwnProcess {
    private static let variable = "ROOST_TEST_OWN_PROCESS"

    /// Whether this process runs one test only.
    public static var isHere: Bool { ProcessInfo.processInfo.environment[self.variable] != nil }

    /// Runs the test, by its identifier without parentheses, and returns what the process printed. A filter that matches nothing succeeds
    /// too: see that the output names one test.
    public static func run(_ test: String) throws -> Command {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try Command.run(
            ["timeout", "120", executable, "--filter", test + "\\(\\)", "--testing-library", "swift-testing"],
            environment: [self.variable: "1"])
    }
}
