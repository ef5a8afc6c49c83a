import CLinux
import Glibc

/// The child process that loads a module first, so that what its constructors do, they do to a process that nobody needs.
public enum ProbeChild {
    /// The descriptor that the report goes to.
    static let report: CInt = 3

    /// Becomes what a worker becomes, loads the module, reports, and ends the process, without running anybody's destructors.
    public static func run(path: String, symbol: String, privileges: String) -> Never {
        var report = ProbeReport()
        do {
            guard let privileges = Privileges(text: privileges) else {
                throw HostError(code: .usage, message: "'\(privileges)' are no privileges")
            }
            try privileges.apply()
            // After that: another user's process is nobody's child any more.
            roost_die_with_parent()
            report.description = try ModuleImage(path: path, symbol: symbol).description
            report.fault = report.description.fault
        } catch { report.fault = (error as? HostError)?.message ?? "\(error)" }
        var rest = Array(report.text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(self.report, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { _exit(1) }
            rest = rest.dropFirst(max(count, 0))
        }
        _exit(0)
    }
}
