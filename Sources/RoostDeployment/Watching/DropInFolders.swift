package import Glibc

/// The drop-in folders of a start, followed. For one thread.
package final class DropInFolders {
    private struct Followed {
        let folder: String
        let events: FolderEvents
        var watch: DropInWatch
    }

    private var followed: [Followed]
    private var pollAt = 0

    /// `listings`: the folders as they were listed before their files were read; what has changed since is found by the first look, which is
    /// due at once. `quiet`: how long a file must not have changed before it counts, milliseconds.
    package init(_ listings: [DropInFolder.Listing], quiet: Int) {
        self.followed = listings.map {
            Followed(folder: $0.folder, events: FolderEvents($0.folder), watch: DropInWatch($0, quiet: quiet))
        }
    }

    /// What counts now.
    package var listings: [DropInFolder.Listing] { self.followed.map(\.watch.stable) }

    /// What is there at this moment, whether or not it will stay so; and what is away only for a moment.
    package var listingsNow: [DropInFolder.Listing] {
        self.followed.map { followed in
            var listing = DropInFolder.list(followed.folder)
            let there = Set(listing.modules.map(\.path))
            listing.modules += followed.watch.stable.modules.filter { !there.contains($0.path) }
            listing.modules.sort { $0.path < $1.path }
            return listing
        }
    }

    /// What is waited for.
    package var waits: [pollfd] {
        self.followed.filter { $0.events.descriptor >= 0 }.map {
            pollfd(fd: $0.events.descriptor, events: Int16(POLLIN), revents: 0)
        }
    }

    /// When they are to be looked at though nothing is heard; nil: there are none.
    package var due: Int? {
        self.followed.isEmpty ? nil : min(self.pollAt, self.followed.compactMap(\.watch.due).min() ?? .max)
    }

    /// Looks, if something was heard or it is time. True: something else counts.
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
