/// The limits of the memory for static files. Sizes are in bytes.
package struct StaticLimits: Sendable {
    /// Per folder and event loop: recently sent files.
    package var cache: Int
    /// The size up to which the contents of a file are kept. Larger files are sent by the kernel.
    package var contents: Int

    /// The seconds after its last change for which a file is not kept: two changes within the resolution of the
    /// system's clock look like one.
    package var settling: Int

    package init(cache: Int, contents: Int = 64 * 1024, settling: Int = 2) {
        self.cache = cache
        self.contents = min(contents, cache)
        self.settling = settling
    }
}
