import CLinux
import Glibc
import RoostSystem

/// The signals of a supervisor, as a descriptor that says which have come. Must be made before the process has another thread: the signals
/// are blocked for every thread that is started afterwards.
package struct SupervisorSignals: Sendable {
    package let descriptor: CInt

    /// Throws `HostError`.
    package init() throws {
        let numbers = SignalMeaning.all + [SIGCHLD]
        self.descriptor = roost_signals_make(numbers, CInt(numbers.count))
        guard self.descriptor >= 0 else {
            throw HostError(code: .exhausted, message: "cannot receive signals: \(String(cString: strerror(errno)))")
        }
    }

    /// The next signal that has come; nil: none has.
    package func next() -> CInt? {
        let number = roost_signals_read(self.descriptor)
        return number == 0 ? nil : number
    }
}
