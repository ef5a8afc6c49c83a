import CLinux
import Glibc

/// Descriptors that the process was started with. No worker, probe or module inherits them: what they need is given to them by name.
package enum InheritedDescriptors {
    /// Closes all but the standard streams in every program that this process starts. Needs no /proc.
    package static func keepToThisProcess() {
        guard roost_close_on_exec_from(3) != 0 else { return }
        // An older kernel: one after another.
        var limit = rlimit()
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        for descriptor in 3..<CInt(clamping: max(min(limit.rlim_cur, 1 << 20), 3)) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
