import CASGI
import CLinux
import CViews
import Glibc
import HTTPServer

/// A regular file that a view replies with. Closed when the value is destroyed.
struct ViewFile: ~Copyable {
    let descriptor: CInt
    let size: Int

    /// `folder`: the file must be below it, whatever the path says; if empty, the path must be absolute. Returns nil if
    /// there is no such regular file, or if it cannot be opened.
    init?(folder: Octets, path: Octets) {
        // The system would end the name at a NUL.
        guard path.size > 0, !path.bytes.contains(0), !folder.bytes.contains(0),
            folder.size > 0 || path.bytes.first == UInt8(ascii: "/")
        else { return nil }
        let descriptor =
            folder.size > 0
            ? roost_open_below(folder.text, path.text)
            : open(path.text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        do throws(FileFault) {
            self.size = try ResponseFile.size(of: descriptor, named: path.text)
        } catch {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }
}
