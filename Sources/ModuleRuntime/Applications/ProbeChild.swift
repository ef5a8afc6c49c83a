import CLinux
import Glibc
import RoostModules
import RoostSystem

/// The child process that loads a module first, so that what its constructors do, they do to a process that nobody needs.
package enum ProbeChild {
    /// Becomes what a worker becomes, loads the modules one after another, reports on each, and ends the process, without running anybody's
    /// destructors. Throws `HostError` when this process is no probe child.
    package static func run() throws -> Never {
        let order = try ProbeOrder.read()
        var refusal: String?
        do {
            try order.privileges.apply()
            // After that: another user's process is nobody's child any more.
            roost_die_with_parent()
        } catch { refusal = "\(error)" }
        for module in order.modules {
            var report = ProbeReport(fault: refusal)
            if refusal == nil {
                do {
                    let image = try ModuleImage(
                        path: module.path, symbol: module.symbol, libraries: module.libraries)
                    report.description = image.description
                    report.fault = image.fault()
                } catch { report.fault = (error as? HostError)?.message ?? "\(error)" }
            }
            self.write(report)
        }
        _exit(0)
    }

    private static func write(_ report: ProbeReport) {
        var rest = MessageFrame.encode(report)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(ProbeReport.descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { _exit(1) }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
