import JSON

/// Credentials that another program prints (`credential_process`).
package struct ProcessCredentials: CredentialProvider {
    private let profile: ProfileName
    private let context: CredentialContext
    private let timeLimit: Duration

    static let outputLimit = 64 << 10

    /// - Parameter timeLimit: how long the program may take.
    package init(profile: ProfileName, context: CredentialContext, timeLimit: Duration = .seconds(60)) {
        self.profile = profile
        self.context = context
        self.timeLimit = timeLimit
    }

    package var name: String { "credential process (profile \"\(profile)\")" }

    /// Runs the program, without a shell.
    package func lookUp() async throws -> CredentialLookup {
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
            ConfigurationFault(
                source: "credential_process of profile \"\(profile)\"", problem: "\(problem); correct that line"))
    }

    private func output(of command: [String]) async throws -> [UInt8] {
        let program = Program(
            command: command, environment: context.settings.environment.variables, timeLimit: timeLimit,
            outputLimit: Self.outputLimit)
        let outcome: Program.Outcome
        do {
            outcome = try await program.run()
        } catch let error as ProgramError {
            throw fault("the program \(error); \(Self.advice(error))")
        }
        // The output of a failed program may contain secrets, so it is not shown.
        let next = "\(outcome.errorBytes == 0 ? "" : " and wrote to standard error"); run it by hand to see why"
        switch outcome.end {
        case .exited(0): return outcome.output
        case .exited(let status): throw fault("the program ended with status \(status)\(next)")
        case .signaled(let signal): throw fault("the program was ended by signal \(signal)\(next)")
        }
    }

    private func credentials(in output: [UInt8]) throws(AWSError) -> Credentials {
        do {
            let document = JSONField(try JSONValue(parsing: output))
            guard try document.member("Version").integer() == 1 else {
                throw fault("the Version that the program prints is not 1, the only one that is known")
            }
            return try Credentials(document, expiration: try document.timestamp("Expiration"))
        } catch let error as AWSError {
            throw error
        } catch {
            throw fault("the program's output: \(error); it must be one JSON object, \(Self.expectedOutput)")
        }
    }

    private static let expectedOutput = #"{"Version": 1, "AccessKeyId": "…", "SecretAccessKey": "…"}"#

    private static func advice(_ error: ProgramError) -> String {
        switch error {
        case .notFound, .notStarted: "correct credential_process"
        case .timedOut: "run it by hand to see what it waits for; nothing can be typed in here"
        case .tooMuchOutput: "it must print one JSON object, \(expectedOutput)"
        case .lost: "run the same command again"
        }
    }

    private func fault(_ problem: String) -> AWSError { .provider(ProviderFault(provider: name, problem: problem)) }
}
