import Athena
import AWS
import Logging

/// AWS as the steps of all tables share it. The identity and each work group are requested once.
actor CheckServices {
    nonisolated let assembly: Assembly
    nonisolated let logger: Logger
    private var identity: Task<CheckVerdict, Never>?
    private var workGroups: [String: Task<WorkGroup, any Error>] = [:]

    init(_ assembly: Assembly, logger: Logger) {
        self.assembly = assembly
        self.logger = logger
    }

    /// - Parameter timeout: how long the query without rows may take; nil for two minutes.
    nonisolated func probe(timeout: Duration?) -> ColumnProbe {
        ColumnProbe(
            client: assembly.client, runtime: assembly.runtime, logger: logger, timeout: timeout ?? .seconds(120))
    }

    func workGroup(_ name: String) async throws -> WorkGroup {
        let task =
            workGroups[name]
            ?? Task { [client = assembly.client] in try await client.workGroup(name) }
        workGroups[name] = task
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// The verdict on the credentials, which is the same for all tables.
    func credentials() async -> CheckVerdict {
        let task = identity ?? Task { [assembly] in await Self.verdict(assembly) }
        identity = task
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private static func verdict(_ assembly: Assembly) async -> CheckVerdict {
        do {
            _ = try await assembly.credentials.credentials()
        } catch {
            return CheckVerdict(error)
        }
        let provider = assembly.credentials.chosenName
        do {
            let identity = try await assembly.identity().callerIdentity()
            return .ok("\(provider): \(identity.arn), account \(identity.account)")
        } catch {
            return .warning(
                "\(provider), and STS does not say whose they are: \(CheckVerdict.parts(of: "\(error)").message)",
                advice: "nothing, if they are the right ones: a run does not need STS")
        }
    }
}
