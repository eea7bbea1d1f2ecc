import ChildProcess
import JSON

/// Credentials that another program prints (`credential_process`).
public struct ProcessCredentials: CredentialProvider {
    private let profile: ProfileName
    private let context: CredentialContext
    private let timeLimit: Duration

    static let outputLimit = 64 << 10

    /// - Parameter timeLimit: how long the program may take.
    public init(profile: ProfileName, context: CredentialContext, timeLimit: Duration = .seconds(60)) {
        self.profile = profile
        self.context = context
        self.timeLimit = timeLimit
    }

    public var name: String { "credential process (profile \"\(profile)\")" }

    /// Runs the program, without a shell.
    public func lookUp() async throws -> CredentialLookup {
        guard let line = try context.profile(profile)["credential_process"] else {
            return .absent("no credential_process")
        }
        return .found(try credentials(in: try await output(of: try command(line))))
    }

    private func command(_ line: String) throws(AWSError) -> [String] {
        let problem: String
        do throws(ShellWords.Fault) {
            let command = try ShellWords.split(line)
            if !command.isEmpty { return command }
            problem = "it is empty"
        } catch {
            problem = "\(error)"
        }
        throw .configuration(
            ConfigurationFault(source: "credential_process of profile \"\(profile)\"", problem: problem))
    }

    private func output(of command: [String]) async throws -> [UInt8] {
        let outcome: ChildProcess.Outcome
        do {
            outcome = try await ChildProcess.run(
                command, environment: context.settings.environment.variables, timeLimit: timeLimit,
                outputLimit: Self.outputLimit)
        } catch let error as ChildProcessError {
            throw fault("the program \(error)")
        }
        // What a program says when it fails may be anything, its secrets too.
        let silence = outcome.errorBytes == 0 ? "" : " and wrote to standard error; run it by hand to see what"
        switch outcome.end {
        case .exited(0): return outcome.output
        case .exited(let status): throw fault("the program ended with status \(status)\(silence)")
        case .signaled(let signal): throw fault("the program was ended by signal \(signal)\(silence)")
        }
    }

    private func credentials(in output: [UInt8]) throws(AWSError) -> Credentials {
        do {
            let document = JSONField(try JSONValue(parsing: output))
            guard try document.member("Version").integer() == 1 else { throw fault("only version 1 is known") }
            return try Credentials(document, expiration: try document.timestamp("Expiration"))
        } catch let error as AWSError {
            throw error
        } catch {
            throw fault("the program's output: \(error)")
        }
    }

    private func fault(_ problem: String) -> AWSError { .provider(ProviderFault(provider: name, problem: problem)) }
}
