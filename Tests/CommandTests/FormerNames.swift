/// Former names, while branches still use them.
typealias Configuring = ConfigurationCheck
typealias DisturbedJob = FaultInjectionJob
