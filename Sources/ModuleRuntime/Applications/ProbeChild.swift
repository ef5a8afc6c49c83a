import CLinux
import Glibc
import RoostModules
import RoostSystem

/// The child process that loads a module first. Damage that the module's constructors do is limited to this process.
package enum ProbeChild {
    /// Takes the privileges of a worker, loads the modules one after another, and reports on each. Then ends the
    /// process without running destructors. Throws `HostError` if this process is not a probe child.
    package static func run() throws -> Never {
        let order = try ProbeOrder.read()
        var refusal: String?
        do {
            try order.privileges.apply()
            // After the change of user, which clears the parent-death signal.
            roost_set_parent_death_signal()
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
