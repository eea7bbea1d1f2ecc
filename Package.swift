// swift-tools-version: 6.2

import PackageDescription

/// The rules for every module: Swift 6 mode, explicit imports, warnings as errors.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// For all modules but the five that make the most calls of C: unsafe code is marked as such.
let strictMemory: [SwiftSetting] = strict + [.strictMemorySafety()]

/// For tests, which run on optimized code: to optimize them as well would take longer than it saves.
let tests: [SwiftSetting] = strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// The modules with parsers.
let fuzzed: [Target.Dependency] = [
    "AWS", "Athena", "BatchExport", "Clock", "HTTPTransport", "JSON", "Text", "athena-export",
    .product(name: "ArgumentParser", package: "swift-argument-parser"),
    .product(name: "SystemPackage", package: "swift-system"),
]

let package = Package(
    name: "athena-export",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "athena-export", targets: ["athena-export"])
    ],
    dependencies: [
        // The command line: parsing, help, completions.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Levels, metadata and the handler interface that the two log formats implement.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Runs the program that a credential_process names: its own process group, a limit on its output, and no
        // descriptor of ours left open in it. Traits off: they bring in Foundation.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        // FilePath, FileDescriptor and Errno instead of C strings and integers.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .systemLibrary(
            name: "CCrypto", path: "Sources/C/CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(
            name: "CCurl", path: "Sources/C/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CGlibc", path: "Sources/C/CGlibc"),
        .systemLibrary(name: "CVector", path: "Sources/C/CVector"),
        .systemLibrary(
            name: "CZlib", path: "Sources/C/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "Text", dependencies: ["CVector"], swiftSettings: strictMemory),
        .target(name: "Clock", dependencies: ["Text"], swiftSettings: strictMemory),
        .target(name: "JSON", dependencies: ["CVector", "Text"], swiftSettings: strictMemory),
        .target(name: "Threading", swiftSettings: strictMemory),
        .target(
            name: "Files", dependencies: ["CGlibc", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: strict),
        .target(name: "Digest", dependencies: ["CCrypto"], swiftSettings: strict),
        .target(
            name: "ProcessLimits",
            dependencies: ["CGlibc", "Threading", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: strict),
        .target(name: "Gzip", dependencies: ["CVector", "CZlib", "Threading"], swiftSettings: strict),
        .target(name: "HTTPTransport", dependencies: ["CCurl", "Text", "Threading"], swiftSettings: strict),
        .target(
            name: "AWS",
            dependencies: [
                "Clock", "Digest", "Files", "HTTPTransport", "JSON", "Text", "Threading",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strictMemory),
        .target(
            name: "BatchExport",
            dependencies: [
                "CVector", "Digest", "Files", "Gzip", "JSON", "Text", "Threading",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strictMemory),
        .target(
            name: "Athena",
            dependencies: [
                "AWS", "BatchExport", "Clock", "Digest", "Files", "Gzip", "HTTPTransport", "JSON", "Text", "Threading",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strictMemory),
        .target(
            name: "Upload",
            dependencies: [
                "AWS", "BatchExport", "Digest", "Files", "HTTPTransport", "Text", "Threading",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strictMemory),
        .executableTarget(
            name: "athena-export",
            dependencies: [
                "AWS", "Athena", "BatchExport", "CGlibc", "Clock", "Files", "HTTPTransport", "JSON", "ProcessLimits",
                "Text", "Threading", "Upload",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strictMemory),
        // Not a product for users: measures the command, and serves the results for that.
        .executableTarget(
            name: "athena-export-benchmark",
            dependencies: [
                "Athena", "BatchExport", "CGlibc", "Files", "Gzip", "JSON", "Loopback", "Threading",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Benchmark", swiftSettings: strict),

        .target(name: "Loopback", dependencies: ["Threading"], path: "Tests/Loopback", swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "Digest", "Gzip", "JSON", "Loopback", "Threading",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/TestSupport", swiftSettings: tests),
        .testTarget(name: "ClockTests", dependencies: ["Clock"], swiftSettings: tests),
        .testTarget(name: "TextTests", dependencies: ["TestSupport", "Text"], swiftSettings: tests),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport", "Text"], swiftSettings: tests),
        .testTarget(
            name: "HTTPTransportTests", dependencies: ["HTTPTransport", "Loopback", "TestSupport"], swiftSettings: tests
        ),
        .testTarget(
            name: "AWSTests",
            dependencies: [
                "AWS", "Clock", "Digest", "HTTPTransport", "JSON", "Loopback", "TestSupport", "Text", "Threading",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "BatchExportTests",
            dependencies: [
                "BatchExport", "Digest", "Files", "Gzip", "JSON", "TestSupport", "Threading",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "AthenaTests",
            dependencies: [
                "AWS", "Athena", "BatchExport", "Clock", "HTTPTransport", "JSON", "Loopback", "TestSupport",
                "Threading",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "UploadTests",
            dependencies: [
                "AWS", "BatchExport", "Clock", "Digest", "HTTPTransport", "JSON", "Loopback", "TestSupport",
                "Threading",
                "Upload",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "BenchmarkTests",
            // These tests measure the built command.
            dependencies: [
                "Athena", "BatchExport", "JSON", "Loopback", "TestSupport", "athena-export", "athena-export-benchmark",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "AWS", "Athena", "BatchExport", "Clock", "Digest", "Files", "Gzip", "HTTPTransport", "JSON",
                "Loopback", "ProcessLimits", "TestSupport", "Threading", "Upload", "athena-export",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: [
                "Faults/fault-shim.c", "Loaders/duckdb-killer.py", "Loaders/recipe-rows.py", "Service/moto-peer.py",
                "Terminal/terminal-screen.py",
            ], swiftSettings: tests),
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed + ["TestSupport"], path: "Tests/Fuzz",
            exclude: ["Corpus", "Dictionaries", "Driver", "run"], swiftSettings: tests),
    ]
)

if Context.environment["ATHENA_EXPORT_FUZZ"] != nil { package.prepareForFuzzing() }

extension Package {
    /// Makes the package one executable `fuzz` around all of its own code, compiled for libFuzzer. Ordinary builds do
    /// not have these flags.
    @MainActor func prepareForFuzzing() {
        let watched: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])]
        products = []
        targets = targets.compactMap { target in
            switch target.type {
            case .test: return nil
            // The benchmark has no parser of ours.
            case .executable where target.name != "athena-export": return nil
            case .executable:
                // An executable cannot be linked into another one; this is a library with an entry that is not called.
                let name = target.name.replacing("-", with: "_") + "_main"
                let entry = ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", name]
                return .target(
                    name: target.name, dependencies: target.dependencies,
                    swiftSettings: strictMemory + watched + [.unsafeFlags(entry)])
            default:
                target.swiftSettings? += watched
                return target
            }
        }
        targets.append(
            .executableTarget(
                name: "fuzz", dependencies: fuzzed, path: "Tests/Fuzz",
                exclude: ["Corpus", "Dictionaries", "Replay", "run"],
                swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
    }
}
