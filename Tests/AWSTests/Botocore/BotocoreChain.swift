import Foundation
import JSON

/// The credentials that botocore finds, for comparison.
enum BotocoreChain {
    /// What botocore found: its name of the provider and the access key, or a failure.
    struct Finding: Equatable {
        let method: String?
        let accessKeyID: String?
    }

    /// - Parameter setUps: variables, and the profile that is named in code if there is one.
    static func findings(of setUps: [(environment: [String: String], profile: String?)]) throws -> [Finding] {
        let input = JSONValue.array(
            setUps.map { setUp in
                var environment = JSONObject()
                for (name, value) in setUp.environment { environment[name] = .string(value) }
                return ["environment": .object(environment), "profile": setUp.profile.map { .string($0) } ?? .null]
            })
        let output = try BotocoreSigner.run(
            BotocoreSigner.python ?? "", script, input: Data(input.serialized(pretty: false)))
        return try JSONField(JSONValue(parsing: Array(output))).elements().map {
            Finding(
                method: try $0.optionalMember("method")?.string(), accessKeyID: try $0.optionalMember("key")?.string())
        }
    }

    private static let script = """
        import json, os, sys
        setups = json.load(sys.stdin)
        os.environ.clear()
        # Where SSO tokens lie is decided once.
        os.environ["HOME"] = setups[0]["environment"]["HOME"]
        import botocore.session

        def find(setup):
            os.environ.clear()
            os.environ.update(setup["environment"])
            os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]
            try:
                credentials = botocore.session.Session(profile=setup["profile"]).get_credentials()
                if credentials is None:
                    return {"method": "none"}
                return {"method": credentials.method, "key": credentials.get_frozen_credentials().access_key}
            except Exception:
                return {}

        json.dump([find(setup) for setup in setups], sys.stdout)
        """
}
