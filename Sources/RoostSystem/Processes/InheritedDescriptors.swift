import CLinux
import Glibc

/// Descriptors that the process was started with. Workers, probes and modules do not inherit them: each is given
/// explicitly the descriptors that it needs.
package enum InheritedDescriptors {
    /// Closes all but the standard streams in every program that this process executes. Needs no /proc.
    package static func keepToThisProcess() {
        guard roost_close_on_exec_from(3) != 0 else { return }
        // Older kernels: one descriptor at a time.
        var limit = rlimit()
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        for descriptor in 3..<CInt(clamping: max(min(limit.rlim_cur, 1 << 20), 3)) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
