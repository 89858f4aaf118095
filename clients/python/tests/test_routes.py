from budget_arbiter._engine.routes import Address, Routes, resolve_host


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_budget_keeps_its_address_and_comes_back_to_it() -> None:
    clock = Clock()
    routes = Routes(["a:1", "b:1", "c:1"], clock=clock)
    homes = {f"budget-{n}": routes.order(f"budget-{n}")[0] for n in range(50)}
    assert len(set(homes.values())) == 3
    gone = Address("b:1", "b:1")
    routes.lost(gone)
    for budget, home in homes.items():
        now = routes.order(budget)[0]
        assert now == home if home != gone else now != gone
        assert routes.order(budget)[-1] == gone
    clock.now = 0.6
    assert {budget: routes.order(budget)[0] for budget in homes} == homes


def test_the_hash_is_that_of_the_other_languages() -> None:
    assert [address.target for address in Routes(["127.0.0.1:1", "127.0.0.1:2"]).order("anthropic")] == [
        "127.0.0.1:1",
        "127.0.0.1:2",
    ]


def test_an_address_that_stays_away_is_looked_at_ever_more_rarely() -> None:
    clock = Clock()
    routes = Routes(["a:1"], clock=clock)
    address = Address("a:1", "a:1")
    pauses = []
    for _ in range(8):
        routes.lost(address)
        begun = clock.now
        while not routes.is_live(address):
            clock.now += 0.5
        pauses.append(clock.now - begun)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
    routes.reached(address)
    assert routes.is_live(address)


def test_a_name_may_stand_for_several_addresses() -> None:
    routes = Routes(["copies:50051"], resolve=lambda _: ["10.0.0.1:50051", "10.0.0.2:50051"])
    routes.refresh()
    assert set(routes.order("b")) == {
        Address("10.0.0.1:50051", "copies:50051"),
        Address("10.0.0.2:50051", "copies:50051"),
    }


def test_a_name_that_cannot_be_resolved_is_left_to_grpc() -> None:
    def fail(_: str) -> list[str]:
        raise OSError("no such host")

    routes = Routes(["nowhere:1"], resolve=fail)
    routes.refresh()
    assert routes.order("b") == [Address("nowhere:1", "nowhere:1")]


def test_two_families_are_one_place() -> None:
    assert resolve_host("localhost:50051") == ["127.0.0.1:50051"]
    assert resolve_host("unix:/run/arbiter") == ["unix:/run/arbiter"]
