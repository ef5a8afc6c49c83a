import Foundation
import TestSupport
import Testing

@testable import RoostSystem

/// Which files may be executed or read as settings. Every folder and link on the path to a file is checked with it.
@Suite("Trust in files")
struct FileTrustTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func fault(_ path: String, _ trust: FileTrust = FileTrust()) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return "not found" }
        return trust.fault(of: status, path: path)
    }

    private func makeFolder(_ name: String, _ mode: mode_t) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        chmod(path, mode)
        return path
    }

    @Test("a refusal names the file, its mode and the command that fixes it")
    func words() throws {
        let file = try self.folder.write("s.yaml", "a: 1")
        chmod(file, 0o646)
        #expect(self.fault(file) == "\(file): is writable by everyone (mode 0646); run chmod o-w \(file)")
        chmod(file, 0o644)
        #expect(self.fault(file) == nil)
        let open = try self.makeFolder("open", 0o757)
        let inner = try self.folder.write("open/x", "")
        #expect(
            self.fault(inner)
                == "\(inner): its folder \(open) is writable by everyone (mode 0757); run chmod o-w \(open)")
    }

    @Test("symbolic links on the path are checked: their folders, and in sticky folders their owners")
    func links() throws {
        let file = try self.folder.write("real/x.so", "")
        let sticky = try self.makeFolder("sticky", 0o1777)
        let link = "\(sticky)/x.so"
        symlink("../real/x.so", link)
        #expect(self.fault(link) == nil)
        let open = try self.makeFolder("open", 0o777)
        symlink(file, "\(open)/x.so")
        #expect(self.fault("\(open)/x.so")?.contains("its folder \(open) is writable by everyone") == true)
        // A detour through a folder and back does not avoid the check.
        #expect(self.fault("\(open)/../real/x.so")?.contains("its folder \(open)") == true)
        symlink("loop", "\(self.folder.path)/loop")
        #expect(FileTrust().fault(ofFolder: "\(self.folder.path)/loop")?.contains("too many symbolic links") == true)
        guard geteuid() == 0 else { return }
        lchown(link, 12345, 0)
        #expect(
            self.fault(link)
                == "\(link): the link \(link) belongs to 12345, who is neither root nor the user of roost;"
                + " run chown -h root \(link), or trust the owner with --trust-owner")
        symlink("real", "\(self.folder.path)/way")
        lchown("\(self.folder.path)/way", 12345, 0)
        #expect(
            self.fault("\(self.folder.path)/way/x.so")?.contains("the link \(self.folder.path)/way belongs to") == true)
    }

    @Test("a group may write if it is a trusted user's own group", .enabled(if: geteuid() == 0, "chown needs root"))
    func groups() throws {
        let file = try self.folder.write("x.so", "")
        chmod(file, 0o664)
        #expect(self.fault(file) == nil)
        // Debian's group 100 is "users", and no user has this name.
        chown(file, 0, 100)
        #expect(
            self.fault(file)?.contains(
                "(mode 0664), which is not the private group of a trusted user; run chmod g-w \(file)") == true)
        chown(file, 0, 54321)
        #expect(self.fault(file)?.contains("is writable by group 54321") == true)
        guard let user = getpwnam("nobody")?.pointee, let daemon = getpwnam("daemon")?.pointee else { return }
        // "daemon" has a group of the same name; "nobody" has "nogroup".
        var trust = FileTrust()
        trust.owners = [0, daemon.pw_uid, user.pw_uid]
        chown(file, daemon.pw_uid, daemon.pw_gid)
        #expect(self.fault(file, trust) == nil)
        #expect(self.fault(file)?.contains("belongs to daemon") == true)
        chown(file, user.pw_uid, user.pw_gid)
        #expect(self.fault(file, trust)?.contains("is writable by group nogroup") == true)
    }

    /// Sets an access-control list in the kernel's format (acl(5)): the version, then tag, permissions and id of each
    /// entry. User 12345 may write if `mask` allows it.
    private func setAccessList(_ path: String, mask: UInt16) -> Bool {
        var bytes: [UInt8] = [2, 0, 0, 0]
        for (tag, permissions, number) in [
            (1, 6, UInt32.max), (2, 6, 12345), (4, 6, UInt32.max), (0x10, mask, UInt32.max), (0x20, 4, UInt32.max),
        ] as [(UInt16, UInt16, UInt32)] {
            withUnsafeBytes(of: tag.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: permissions.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }
        // Swift's Glibc lacks setxattr(2).
        typealias SetAttribute =
            @convention(c) (
                UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer, Int, CInt
            ) -> CInt
        guard let address = dlsym(nil, "setxattr") else { return false }
        return unsafeBitCast(address, to: SetAttribute.self)(path, "system.posix_acl_access", bytes, bytes.count, 0)
            == 0
    }

    @Test("a group-writable file whose access-control list lets others write is refused")
    func accessLists() throws {
        let file = try self.folder.write("x.so", "")
        guard self.setAccessList(file, mask: 6) else {
            #expect(errno == ENOTSUP, "only a file system without lists may refuse one")
            return
        }
        // The mode is that of a file with the owner's own group: only the list names the other user who can write.
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o664)
        let start = "has an access-control list that lets other users write (mode 0664); run chmod g-w"
        #expect(self.fault(file) == "\(file): \(start) \(file), or setfacl -b \(file)")
        // The mask applies to all entries: chmod g-w removes their right to write.
        #expect(chmod(file, 0o644) == 0)
        #expect(self.fault(file) == nil)
        // Folders on the path are checked in the same way.
        let list = try self.makeFolder("listed", 0o755)
        let inner = try self.folder.write("listed/x", "")
        #expect(self.setAccessList(list, mask: 7))
        #expect(self.fault(inner)?.contains("its folder \(list) has an access-control list") == true)
    }
}
