import CLinux
import Glibc
import RoostSystem

/// The signals of a supervisor, received through a descriptor. Must be created before the process has another thread:
/// the signals are blocked for every thread that is started afterwards.
package struct SupervisorSignals: Sendable {
    package let descriptor: CInt

    /// Blocks the signals. Throws `HostError`.
    package init() throws {
        let numbers = SignalMeaning.all + [SIGCHLD]
        self.descriptor = roost_signals_make(numbers, CInt(numbers.count))
        guard self.descriptor >= 0 else {
            throw HostError(code: .exhausted, message: "cannot receive signals: \(String(cString: strerror(errno)))")
        }
    }

    /// Removes and returns the pending signals.
    package func readAll() -> [CInt] {
        var numbers: [CInt] = []
        while true {
            let number = roost_signals_read(self.descriptor)
            guard number != 0 else { return numbers }
            numbers.append(number)
        }
    }
}
