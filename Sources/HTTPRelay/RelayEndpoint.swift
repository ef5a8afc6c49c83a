/// The receiver of a link's frames: `RelayRoute` at the front, `RelayServer` at the back. Loop-bound.
protocol RelayEndpoint: AnyObject {
    func linkOpened(_ link: RelayLink)
    /// Handles a frame. Throws `RelayFault` if the frame is not valid here; the link is then closed.
    func receive(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault)
    /// Notifies a stream that has called `RelayLink.notifyWhenWritable` that it can send again.
    func linkWritable(_ stream: UInt32)
    func linkLost(_ link: RelayLink)
    /// Frees memory that was kept for a peak of load.
    func trim()
    /// Stops new requests: a graceful shutdown of the loop has started.
    func stop(_ link: RelayLink)
    /// Gives up all exchanges: the drain timeout has passed.
    func giveUp(_ link: RelayLink)
}
