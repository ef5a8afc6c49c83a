package import Glibc

/// Watches the drop-in folders. Must be used from one thread.
package final class DropInFolders {
    private struct Followed {
        let folder: String
        let events: FolderEvents
        var watch: DropInWatch
    }

    private var followed: [Followed]
    private var pollAt = 0

    /// `listings`: the folders as listed before their files were read. The first poll is due at once, and finds later
    /// changes. `quiet`: how long a file must be unchanged to be stable, in milliseconds.
    package init(_ listings: [DropInFolder.Listing], quiet: Int) {
        self.followed = listings.map {
            Followed(folder: $0.folder, events: FolderEvents($0.folder), watch: DropInWatch($0, quiet: quiet))
        }
    }

    /// The stable listings.
    package var listings: [DropInFolder.Listing] { self.followed.map(\.watch.stable) }

    /// The current listings, even if they are not stable yet, and the stable modules that are missing at the moment.
    package var listingsNow: [DropInFolder.Listing] {
        self.followed.map { followed in
            var listing = DropInFolder.list(followed.folder)
            let there = Set(listing.modules.map(\.path))
            listing.modules += followed.watch.stable.modules.filter { !there.contains($0.path) }
            listing.modules.sort { $0.path < $1.path }
            return listing
        }
    }

    /// The descriptors to poll.
    package var waits: [pollfd] {
        self.followed.filter { $0.events.descriptor >= 0 }.map {
            pollfd(fd: $0.events.descriptor, events: Int16(POLLIN), revents: 0)
        }
    }

    /// When the folders must be listed again without a notification; nil if there are no folders.
    package var due: Int? {
        self.followed.isEmpty ? nil : min(self.pollAt, self.followed.compactMap(\.watch.due).min() ?? .max)
    }

    /// Lists the folders again after a notification, or when due. Returns whether the stable listings have changed.
    package func poll(now: Int) -> Bool {
        var hasChanged = false
        let isTime = now >= self.due ?? .max
        for at in self.followed.indices where self.followed[at].events.drain() || isTime {
            self.followed[at].events.arm()
            if self.followed[at].watch.update(DropInFolder.list(self.followed[at].folder), now: now) {
                hasChanged = true
            }
        }
        if now >= self.pollAt { self.pollAt = now + FolderEvents.pace }
        return hasChanged
    }
}
