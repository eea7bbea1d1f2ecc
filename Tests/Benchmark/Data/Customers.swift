/// Names and addresses, some of them missing, a few with what CSV and JSON must escape.
enum Customers {
    static let columns = ["customer_id", "first_name", "last_name", "email"].map {
        BenchmarkTable.Column(name: $0, type: "varchar")
    }

    static func values(_ random: inout SplitMix64) -> [String?] {
        let first = random.pick(firstNames)
        let last = random.pick(lastNames)
        let number = BenchmarkTable.numberPlaceholder
        let isFirstNameKnown = random.number(1...16) > 1
        let shown = random.number(1...64) > 1 ? last : "\(last), \"Junior\""
        return [
            "c\(number)", isFirstNameKnown ? first : nil, shown,
            "\(first.lowercased()).\(number)@\(random.pick(domains))",
        ]
    }

    private static let firstNames = [
        "Ada", "Alan", "Amara", "Barbara", "Carlos", "Chidi", "Claude", "Dennis", "Dorothy", "Edsger", "Elena", "Emmy",
        "Fatima", "Frances", "Grace", "Hedy", "Ivan", "Jean", "John", "Kateryna", "Katherine", "Ken", "Lakshmi",
        "Leslie", "Lin", "Margaret", "Maryam", "Mei", "Niklaus", "Noor", "Olga", "Pierre", "Radia", "Rózsa", "Shafi",
        "Sofia", "Sofya", "Tim", "Tony", "Yuki",
    ]
    private static let lastNames = [
        "Allen", "Babbage", "Backus", "Bartik", "Curry", "Dijkstra", "Gödel", "Goldwasser", "Hamilton", "Hoare",
        "Hopper", "Iverson", "Johnson", "Kay", "Knuth", "Kovalevskaya", "Lamarr", "Lamport", "Liskov", "Lovelace",
        "McCarthy", "Milner", "Mirzakhani", "Naur", "Noether", "O'Neil", "Perlman", "Péter", "Ramanujan", "Ritchie",
        "Shannon", "Shamir", "Thompson", "Turing", "Vaughan", "von Neumann", "Wilkes", "Wirth", "Yao", "Zuse",
    ]
    private static let domains = [
        "example.com", "mail.example.net", "customers.example.org", "post.customers.example.com",
    ]
}
