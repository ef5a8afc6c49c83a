/// What receives the frames of a link: the front's side (`RelayRoute`), or the back's (`RelayServing`). Loop-bound.
protocol RelayEndpoint: AnyObject {
    func linkOpened(_ link: RelayLink)
    /// Performs a frame. Throws for one that is not valid here: the link is closed.
    func receive(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault)
    /// A stream that has called `RelayLink.notifyWhenWritable` can send again.
    func linkWritable(_ stream: UInt32)
    func linkLost(_ link: RelayLink)
    /// Frees what is kept for a load like that of the last peak.
    func trim()
    /// The loop stops: no new request is wanted.
    func stop(_ link: RelayLink)
    /// The exchanges have no time left.
    func giveUp(_ link: RelayLink)
}
