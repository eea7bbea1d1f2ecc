import AWS
import HTTPTransport
import Testing

@Suite struct `Credentials of a container's endpoint` {
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"

    static let allowed = [
        "https://example.com/x", "https://10.0.0.1/x", "https://[2001:db8::1]:8443/x", "HTTPS://example.com/",
        "http://localhost/x", "http://LocalHost:8080/x", "http://127.0.0.1/x", "http://127.0.0.1:1234/x?y=z",
        "http://127.255.255.254/x", "http://[::1]/x", "http://[::1]:80/", "http://[0:0:0:0:0:0:0:1]/x",
        "http://[0000::0001]/", "http://169.254.170.2/v2/credentials", "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials", "http://[FD00:0EC2:0:0::23]/v1",
    ]

    static let refused = [
        "http://example.com/x", "http://10.0.0.1/", "http://192.168.0.1/", "http://169.254.169.254/latest",
        "http://169.254.170.3/", "http://169.254.170.2.evil.com/", "http://localhost.evil.com/", "http://localhost./",
        "http://127.0.0.1./", "http://127.0.0.1@evil.com/", "http://evil.com@127.0.0.1/", "http://user:pw@localhost/",
        "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.0.0.01/",
        "http://127.0.0.256/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::2]/",
        "http://[fd00:ec2::254]/", "http://[::1/", "http://[::1%25lo]/", "http://127.0.0.1\\@evil.com/",
        "http://127.0.0.1#@evil.com/", "http://127.0.0.1\r\n/", "http://127.0.0.1:99999/", "http:///x", "http://",
        "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1/x", "http://127.evil.com/", "http://127.0.0.1.nip.io/",
        "http://[0:0:0:0:0:0:0:0:1]/", "http://[::1::]/", "http://１２７.0.0.1/",
    ]

    @Test(arguments: allowed)
    func
        `a container endpoint may be any host with TLS, and without TLS only this machine or the container's own addresses`(
            _ url: String
        ) async throws
    {
        let world = CredentialWorld([Self.full: url])
        _ = try? await ContainerCredentials(try world.context()).lookUp()
        #expect(world.directTransport.requests.count > 0 && world.transport.requests.isEmpty)
    }

    @Test(arguments: refused)
    func `a container endpoint that is any other host is refused`(_ url: String) async throws {
        let world = CredentialWorld([Self.full: url])
        let error = try #require(await world.failure())
        #expect(error.category == .configuration && error.fault.hasPrefix("\(Self.full): "), "\(error)")
        #expect(!error.fault.contains("\n") && !error.fault.contains("pw@"))
        #expect(world.directTransport.requests.isEmpty && world.transport.requests.isEmpty)
    }

    @Test func `the container endpoint is that of ECS where only the path is given`() async throws {
        let world = CredentialWorld([Self.relative: "/container?id=1", Self.full: "https://other.example/"])
        #expect(try await world.chain().credentials().accessKeyID == "CONTAINER1")
        #expect(world.directTransport.requests.map(\.url.description) == ["http://169.254.170.2/container?id=1"])
        #expect(world.directTransport.requests[0].headers["Authorization"] == nil)
    }

    @Test(arguments: ["@evil.com/", ".evil.com/", "container", ":80@evil.com/", "/a b", "/a#b", "/\r\nX: y"])
    func `a path cannot lead the container endpoint to another host`(_ path: String) async throws {
        let world = CredentialWorld([Self.relative: path])
        #expect(try #require(await world.failure()).fault.hasPrefix("\(Self.relative): "))
        #expect(world.directTransport.requests.isEmpty)
    }

    @Test func `the container endpoint gets the token of the file, read again each time, before that of the variable`()
        async throws
    {
        let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        let world = CredentialWorld([Self.relative: "/container", variable: "v", "\(variable)_FILE": "DIR/token"])
        let provider = ContainerCredentials(try world.context())
        for token in ["first", "second"] {
            world.write(token, to: "token")
            _ = try await provider.lookUp()
            #expect(world.directTransport.requests.last?.headers["Authorization"] == token)
        }
        let plain = CredentialWorld([Self.relative: "/container", variable: "Basic v"])
        _ = try await plain.chain().credentials()
        #expect(plain.directTransport.requests.last?.headers["Authorization"] == "Basic v")
    }

    @Test(arguments: ["canary\n", "canary\r\nX-Evil: 1", "canary\u{0}x", "canarž"])
    func `a container token that would begin a header of its own is not sent`(_ token: String) async throws {
        let file = CredentialWorld([Self.relative: "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "DIR/token"])
        file.write(token, to: "token")
        let variable = CredentialWorld([Self.relative: "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": token])
        for world in [file, variable] {
            let error = try #require(await world.failure())
            #expect(error.category == .configuration && !"\(error)".contains("canary"))
            #expect(world.directTransport.requests.isEmpty)
        }
    }

    @Test func `the container endpoint is asked three times, a second apart, for two seconds each`() async throws {
        let world = CredentialWorld([Self.relative: "/gone"])
        let error = try #require(await world.failure())
        #expect(
            "\(error)" == "no credentials from container: 169.254.170.2 answered with HTTP 404; "
                + "check the role of the task or pod")
        #expect(world.directTransport.requests.count == 3 && world.time.sleeps == [.seconds(1), .seconds(1)])
        #expect(world.directTransport.requests.allSatisfy { $0.limits.total == .seconds(2) })
        #expect(world.directTransport.requests.allSatisfy { $0.limits.bodyBytes <= 65_536 })
    }
}
