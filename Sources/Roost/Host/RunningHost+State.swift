import CASGI
package import ModuleRuntime
import NIOConcurrencyHelpers
import RoostDeployment

/// State transfer between generations.
extension RunningHost {
    /// Transfers the state of mounted generations to those that replace them, before their first request.
    func handOver(to added: [RunningApplication]) async {
        let mounted = self.applications.withLockedValue { $0 }
        for application in added {
            guard let new = application.generation, new.transfersState,
                let old = mounted.first(where: { $0.application.number == application.application.number })?.generation,
                let saved = await self.transfer(old).save()
            else { continue }
            await self.transfer(new).restore(saved)
        }
    }

    /// The numbers of the applications that support state transfer.
    package var remembering: [UInt32] {
        self.applications.withLockedValue {
            $0.filter { $0.generation?.transfersState == true }.map(\.application.number)
        }
    }

    private func generation(of number: UInt32) -> Generation? {
        self.applications.withLockedValue { $0.first { $0.application.number == number }?.generation }
    }

    /// Returns the state of the application with this number; nil if it has none.
    package func save(_ number: UInt32) async -> SavedState? {
        guard let generation = self.generation(of: number) else { return nil }
        return await self.transfer(generation).save()
    }

    package func restore(_ saved: SavedState, in number: UInt32) async {
        guard let generation = self.generation(of: number) else { return }
        await self.transfer(generation).restore(saved)
    }

    private func transfer(_ generation: Generation) -> StateTransfer {
        StateTransfer(generation, seconds: self.configuration.lifespanTime, most: self.configuration.stateLimit)
    }
}
