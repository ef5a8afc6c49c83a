import RoostDeployment

/// What applications remember goes from a worker to the one that replaces it.
extension WorkerGroup {
    /// A new worker's applications would take what others remember: the next that is to be drained is asked, each once.
    func askForMemory(for taker: WorkerHandle) {
        let giver = self.workers.first { worker in
            guard worker.givesTo == nil, let member = self.fleet.member(worker.id) else { return false }
            return member.state == .ready && member.retirement != nil && !member.isStandIn
        }
        guard let giver else { return taker.tell(Message("memory")) }
        giver.givesTo = taker.id
        giver.tell(Message("save"))
    }

    /// It has answered, or ended without an answer.
    func pass(_ message: Message, of giver: WorkerHandle) {
        guard let taker = giver.givesTo else { return }
        // It gives once: what it remembers later is its own.
        giver.givesTo = -1
        self.worker(taker)?.tell(Message("memory", message.fields))
    }
}
