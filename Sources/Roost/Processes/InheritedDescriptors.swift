import Glibc

/// What whoever started this process has left open: no worker's, no probe's, no module's. What is for them is given by name.
public enum InheritedDescriptors {
    /// Closes them in every process that this one starts, but for the standard streams.
    public static func keepToThisProcess() {
        for name in FolderList.names(in: "/proc/self/fd") {
            if let descriptor = CInt(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }
}
