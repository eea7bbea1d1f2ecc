import AWS
import HTTPTransport
import SystemPackage
import Testing

@Suite struct `Regions and endpoints` {
    @Test(arguments: [
        "", "us-east-1/../@evil", "us-east-1@evil.com", "us-east-1.evil.com", "us-east-1#", "us-east-1\r\nHost: evil",
        "us-east-1?", "us_east_1", "US-EAST-1", "-us-east-1", "us-east-1-", "127", "žluť-east-1", "us-east-1 ", "a:b",
        "%2e",
        String(repeating: "a", count: 64),
    ])
    func `no region can lead to another host`(_ name: String) {
        #expect(Region(name) == nil)
    }

    @Test(arguments: [
        ("us-east-1", "aws"), ("ap-southeast-4", "aws"), ("mx-central-1", "aws"), ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"), ("us-isof-south-1", "aws-iso-f"), ("eusc-de-east-1", "aws-eusc"),
        ("xx-north-1", "aws"), ("moon", "aws"), ("us-gov-west", "aws"),
    ])
    func `a region's name gives its partition`(_ region: String, _ partition: String) {
        #expect(Region(region)?.partition.id == partition)
    }

    @Test(arguments: [
        (AWSService.athena, "us-east-1", false, false, "athena.us-east-1.amazonaws.com"),
        (.athena, "us-east-1", true, false, "athena-fips.us-east-1.amazonaws.com"),
        (.athena, "us-east-1", false, true, "athena.us-east-1.api.aws"),
        (.athena, "us-gov-west-1", true, true, "athena-fips.us-gov-west-1.api.aws"),
        (.athena, "cn-north-1", false, false, "athena.cn-north-1.amazonaws.com.cn"),
        (.athena, "us-iso-east-1", false, true, "athena.us-iso-east-1.api.aws.ic.gov"),
        (.athena, "eusc-de-east-1", false, false, "athena.eusc-de-east-1.amazonaws.eu"),
        (.athena, "moon-1", false, false, "athena.moon-1.amazonaws.com"),
        (.s3, "eu-west-1", false, false, "s3.eu-west-1.amazonaws.com"),
        (.s3, "eu-west-1", false, true, "s3.dualstack.eu-west-1.amazonaws.com"),
        (.s3, "us-east-1", true, true, "s3-fips.dualstack.us-east-1.amazonaws.com"),
        (.sts, "eu-west-1", false, false, "sts.eu-west-1.amazonaws.com"),
        (.sts, "us-east-1", true, false, "sts-fips.us-east-1.amazonaws.com"),
        (.sts, "us-gov-west-1", true, false, "sts.us-gov-west-1.amazonaws.com"),
        (.sts, "us-gov-west-1", true, true, "sts-fips.us-gov-west-1.api.aws"),
        (.sts, "cn-north-1", false, true, "sts.cn-north-1.api.amazonwebservices.com.cn"),
        (.sso, "eu-west-1", false, false, "portal.sso.eu-west-1.amazonaws.com"),
        (.sso, "eu-west-1", true, true, "portal.sso-fips.eu-west-1.api.aws"),
        (.sso, "us-gov-east-1", true, false, "portal.sso.us-gov-east-1.amazonaws.com"),
        (.ssoOIDC, "eu-west-1", false, true, "oidc.eu-west-1.api.aws"),
        (.ssoOIDC, "us-gov-east-1", true, false, "oidc.us-gov-east-1.amazonaws.com"),
        (.athena, "us-isob-east-1", false, false, "athena.us-isob-east-1.sc2s.sgov.gov"),
        (.athena, "eu-isoe-west-1", true, false, "athena-fips.eu-isoe-west-1.cloud.adc-e.uk"),
        (.athena, "us-isof-south-1", false, true, "athena.us-isof-south-1.api.aws.hci.ic.gov"),
    ])
    func `hosts follow AWS's endpoint rules`(
        _ service: AWSService, _ region: String, _ fips: Bool, _ dualStack: Bool, _ host: String
    ) throws {
        let variant = EndpointVariant(usesFIPS: fips, usesDualStack: dualStack)
        let endpoint = Endpoint(service, region: try #require(Region(region)), variant: variant)
        #expect(endpoint.url.description == "https://\(host)/" && endpoint.signingRegion.name == region)
    }

    @Test(arguments: ["fips-us-east-1", "us-east-1-fips"])
    func `old FIPS names mean the region with FIPS on`(_ name: String) {
        let endpoint = Endpoint(.athena, region: Region(name)!)
        #expect(
            endpoint.url.host == "athena-fips.us-east-1.amazonaws.com" && endpoint.signingRegion.name == "us-east-1")
    }
}

@Suite struct `AWS settings` {
    private func settings(
        _ environment: [String: String] = [:], config: String = "", explicit: AWSSettings.Explicit = .init()
    ) throws(AWSError) -> AWSSettings {
        try AWSSettings(
            explicit: explicit, environment: AWSEnvironment(environment),
            sharedConfig: SharedConfig(
                config: try INIFile(parsing: Array(config.utf8), path: "/config"), credentials: nil))
    }

    @Test func `the region comes from the argument, AWS_REGION, AWS_DEFAULT_REGION, the profile, in this order`() throws
    {
        let config = "[default]\nregion = eu-west-4\n"
        var environment = ["AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"]
        #expect(
            try settings(environment, config: config, explicit: .init(region: "eu-west-1")).region().name == "eu-west-1"
        )
        #expect(try settings(environment, config: config).region().name == "eu-west-2")
        environment["AWS_REGION"] = ""
        #expect(try settings(environment, config: config).region().name == "eu-west-3")
        #expect(try settings(config: config).region().name == "eu-west-4")
        #expect(throws: AWSError.noRegion) { try settings().region() }
    }

    @Test func `an invalid region is named with its source, and its control characters are shown escaped`() {
        #expect {
            try settings(["AWS_REGION": "us-east-1\u{1b}[2J\r\n"]).region()
        } throws: { error in
            let fault = (error as? AWSError)?.fault ?? ""
            return fault.hasPrefix("AWS_REGION: \"us-east-1\\u{1b}[2J\\u{d}\\u{a}\" is no region")
        }
    }

    @Test func `the profile comes from the argument, AWS_PROFILE, AWS_DEFAULT_PROFILE, in this order`() throws {
        let config = "[profile a]\n[profile b]\n[profile c]\n"
        let environment = ["AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "c"]
        #expect("\(try settings(environment, config: config, explicit: .init(profile: "a")).profileName)" == "a")
        #expect("\(try settings(environment, config: config).profileName)" == "b")
        #expect("\(try settings(["AWS_DEFAULT_PROFILE": "c"], config: config).profileName)" == "c")
        #expect("\(try settings().profileName)" == "default")
        #expect(throws: AWSError.self) { try settings(["AWS_PROFILE": "missing"], config: config) }
    }

    @Test func `the number of attempts comes from the argument, the environment and the profile, else it is ten`()
        throws
    {
        let config = "[default]\nmax_attempts = 4\n"
        #expect(
            try settings(["AWS_MAX_ATTEMPTS": "5"], config: config, explicit: .init(maxAttempts: 6)).maxAttempts() == 6)
        #expect(try settings(["AWS_MAX_ATTEMPTS": "5"], config: config).maxAttempts() == 5)
        #expect(try settings(config: config).maxAttempts() == 4)
        #expect(try settings().maxAttempts() == 10)
        for text in ["0", "-1", "many", "1e3", "99999999999999999999"] {
            #expect(throws: AWSError.self) { try settings(["AWS_MAX_ATTEMPTS": text]).maxAttempts() }
        }
    }

    @Test func `certificates come from AWS_CA_BUNDLE, the profile, REQUESTS_CA_BUNDLE, in this order`() throws {
        let config = "[default]\nca_bundle = /b\n"
        #expect(try settings(["AWS_CA_BUNDLE": "/a", "REQUESTS_CA_BUNDLE": "/c"], config: config).caBundle == "/a")
        #expect(try settings(["REQUESTS_CA_BUNDLE": "/c"], config: config).caBundle == "/b")
        #expect(try settings(["REQUESTS_CA_BUNDLE": "/c"]).caBundle == "/c")
        #expect(try settings().caBundle == nil)
    }

    private let services = """
        [default]
        region = us-east-1
        services = local
        endpoint_url = http://e.example
        [services local]
        athena =
          endpoint_url = http://d.example
        """

    @Test func `the endpoint is found in the order of the SDKs`() throws {
        var environment = ["AWS_ENDPOINT_URL_ATHENA": "http://b.example", "AWS_ENDPOINT_URL": "http://c.example"]
        func host(_ explicit: AWSSettings.Explicit = .init(), _ service: AWSService = .athena) throws -> String {
            try settings(environment, config: services, explicit: explicit).endpoint(for: service).url.host
        }
        #expect(try host(.init(endpointURL: "http://a.example")) == "a.example")
        #expect(try host() == "b.example")
        #expect(try host(.init(), .s3) == "c.example")
        environment = [:]
        #expect(try host() == "d.example")
        #expect(try host(.init(), .s3) == "e.example")
        environment = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "AWS_ENDPOINT_URL": "http://c.example"]
        #expect(try host() == "athena.us-east-1.amazonaws.com")
        #expect(try host(.init(endpointURL: "http://a.example")) == "a.example")
    }

    @Test func `STS is that of the region, and the old global one only where it is configured`() throws {
        func host(_ environment: [String: String], _ region: String, config: String = "") throws -> String {
            try settings(environment.merging(["AWS_REGION": region]) { $1 }, config: config)
                .endpoint(for: .sts).url.host
        }
        let legacy = ["AWS_STS_REGIONAL_ENDPOINTS": "legacy"]
        #expect(try host([:], "eu-west-1") == "sts.eu-west-1.amazonaws.com")
        #expect(try host(legacy, "eu-west-1") == "sts.amazonaws.com")
        #expect(
            try settings(legacy.merging(["AWS_REGION": "eu-west-1"]) { $1 }).endpoint(for: .sts).signingRegion.name
                == "us-east-1")
        #expect(try host(legacy, "eu-south-1") == "sts.eu-south-1.amazonaws.com")
        #expect(try host([:], "eu-west-1", config: "[default]\nsts_regional_endpoints=legacy\n") == "sts.amazonaws.com")
        let fips = legacy.merging(["AWS_USE_FIPS_ENDPOINT": "true"]) { $1 }
        #expect(try host(fips, "us-east-1") == "sts-fips.us-east-1.amazonaws.com")
        #expect(throws: AWSError.self) { try host(["AWS_STS_REGIONAL_ENDPOINTS": "global"], "eu-west-1") }
    }

    @Test func `each service may have an endpoint of its own`() throws {
        let environment = [
            "AWS_ENDPOINT_URL_STS": "http://sts.example", "AWS_ENDPOINT_URL_SSO": "http://sso.example",
            "AWS_ENDPOINT_URL_SSO_OIDC": "http://oidc.example", "AWS_ENDPOINT_URL": "http://all.example",
            "AWS_REGION": "eu-west-1",
        ]
        let settings = try settings(environment)
        for (service, host) in [
            (AWSService.sts, "sts.example"), (.sso, "sso.example"), (.ssoOIDC, "oidc.example"), (.s3, "all.example"),
        ] {
            #expect(try settings.endpoint(for: service, in: Region("eu-west-2")).url.host == host)
        }
    }

    @Test func `a configured endpoint cannot be combined with FIPS or dual-stack`() {
        for flag in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
            #expect(throws: AWSError.self) { try settings([flag: "true"], config: services).endpoint(for: .athena) }
        }
    }

    @Test func `FIPS and dual-stack are turned on by environment and profile`() throws {
        let config = "[default]\nregion = us-east-1\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n"
        #expect(try settings(config: config).endpoint(for: .athena).url.host == "athena-fips.us-east-1.api.aws")
        let environment = ["AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "false"]
        #expect(
            try settings(environment, config: config).endpoint(for: .athena).url.host
                == "athena.us-east-1.amazonaws.com")
        #expect(throws: AWSError.self) {
            try settings(["AWS_USE_FIPS_ENDPOINT": "yes"], config: config).endpoint(for: .athena)
        }
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://h/", "http://user:canary@h/", "http://h\r\nX: y/", "h", "http://", "http://h:0/",
        "http://h/?token=canary", "gopher://h",
    ])
    func `an invalid endpoint is refused by its source and without secrets`(_ url: String) {
        #expect {
            try settings(["AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"]).endpoint(for: .athena)
        } throws: { error in
            let fault = (error as? AWSError)?.fault ?? ""
            return fault.hasPrefix("AWS_ENDPOINT_URL: ") && !fault.contains("canary") && !fault.contains("\n")
        }
    }

    @Test func `a services section that is missing is named`() {
        let config = "[default]\nregion = us-east-1\nservices = gone\n"
        #expect {
            try settings(config: config).endpoint(for: .athena)
        } throws: {
            ($0 as? AWSError)?.fault.contains("[services gone]") == true
        }
    }
}
