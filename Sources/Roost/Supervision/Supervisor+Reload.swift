import Logging

/// New workers for what is on disk now.
extension Supervisor {
    /// Begins; `client` waits for how it goes.
    func reload(for client: CInt?) {
        guard !self.fleet.isStopping else { return }
        if let client { self.control.awaitReload(client) }
        guard self.preparation.begin(self.plan.request, self.plan.run) else {
            // The newest wins: what is under way may have looked at the file too early.
            self.wantsAnotherReload = true
            return
        }
        self.plan.logger.info("reloading")
        self.notice.tellReloading()
    }

    func takePreparation() {
        guard let outcome = self.preparation.take() else { return }
        if self.wantsAnotherReload {
            self.wantsAnotherReload = false
            if case .success(let application) = outcome {
                self.plan.run.removeLoadFolder(of: application.staged.path)
            }
            _ = self.preparation.begin(self.plan.request, self.plan.run)
            return
        }
        switch outcome {
        case .success(let application):
            self.lastRelease += 1
            self.applications[self.lastRelease] = application
            self.perform(
                self.fleet.replace(
                    by: Fleet.Release(number: self.lastRelease, hash: application.hash), now: Self.now()))
        case .failure(let error):
            self.plan.logger.error("not reloaded, what was there serves on: \(error.message)")
            self.settleReload(error.message)
        }
    }

    /// Those that no worker has and none will be started with; their copies go too.
    func forgetApplications() {
        let needed = Set(
            self.workers.map(\.release) + [self.fleet.current.number, self.fleet.previous?.number ?? 0])
        for (number, application) in self.applications where !needed.contains(number) {
            self.plan.run.removeLoadFolder(of: application.staged.path)
            self.applications[number] = nil
        }
    }
}
