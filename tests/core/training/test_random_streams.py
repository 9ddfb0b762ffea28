"""A seed's generators: an independent one for every purpose and index, the same whenever it is asked for."""

from core.training.random_streams import RoundPurpose, SeedPurpose, generator


def first_number(seed: int, purpose: RoundPurpose | SeedPurpose, *index: int) -> int:
    return int(generator(seed, purpose, *index).integers(2**63))


def test_every_purpose_and_index_has_random_numbers_of_its_own() -> None:
    keys: list[tuple[RoundPurpose | SeedPurpose, *tuple[int, ...]]] = [(purpose,) for purpose in SeedPurpose]
    keys += [(SeedPurpose.RACE, contestant) for contestant in range(3)]
    keys += [(purpose, index) for purpose in RoundPurpose if purpose != RoundPurpose.DROPOUT for index in range(50)]
    keys += [(RoundPurpose.DROPOUT, trial, epoch) for trial in range(20) for epoch in range(20)]
    assert len({first_number(0, *key) for key in keys}) == len(keys)


def test_a_generator_follows_from_its_seed() -> None:
    assert first_number(5, RoundPurpose.WEIGHTS, 3) == first_number(5, RoundPurpose.WEIGHTS, 3)
    assert first_number(5, RoundPurpose.WEIGHTS, 3) != first_number(6, RoundPurpose.WEIGHTS, 3)
