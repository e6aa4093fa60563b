"""The lock manager as a state machine: no lock has too many holders, and nobody who could go on waits."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from airflow_argo.local.engine.errors import NodeError, UnreadableObjectError
from airflow_argo.local.engine.lock_names import LockName, lock_names
from airflow_argo.local.engine.locks import Holder, LockManager

MUTEX = LockName("argo", "Mutex", "m")
OTHER = LockName("argo", "Mutex", "o")
SEMAPHORE = LockName("argo", "ConfigMap", "limits", "two")


class Limits:
    def __init__(self, **limits: int) -> None:
        self.of = {"two": 2, **limits}

    def __call__(self, name: LockName) -> int:
        try:
            return self.of[name.key]
        except KeyError:
            raise NodeError("not found") from None


@pytest.fixture
def limits():
    return Limits()


@pytest.fixture
def manager(limits):
    return LockManager(limits)


def node(workflow, name):
    return Holder(f"argo/{workflow}", name)


A, B, C, D = (node(name, "n") for name in "abcd")


class TestOneLock:
    def test_the_second_waits_in_argos_words_until_the_first_lets_go(self, manager):
        assert manager.request(A, [MUTEX]) is None
        waiting = manager.request(B, [MUTEX])
        assert waiting.message == "Waiting for argo/Mutex/m lock. Lock status: 0/1"
        manager.release(A)
        assert manager.take_woken() == ["argo/b"]
        assert manager.take_granted("argo/b") == [B]
        assert manager.holders(MUTEX) == [B]

    def test_a_semaphore_has_as_many_holders_as_its_limit(self, manager):
        assert [manager.request(each, [SEMAPHORE]) is None for each in (A, B, C)] == [True, True, False]

    def test_asking_again_changes_nothing(self, manager):
        manager.request(A, [MUTEX])
        manager.request(B, [MUTEX])
        assert manager.request(A, [MUTEX]) is None
        assert manager.request(B, [MUTEX]) is not None
        manager.release(A)
        assert manager.request(B, [MUTEX]) is None

    def test_priority_comes_first_then_creation_then_arrival(self, manager):
        manager.request(A, [MUTEX])
        manager.request(B, [MUTEX], created=2)
        manager.request(C, [MUTEX], created=1)
        manager.request(D, [MUTEX], created=3, priority=1)
        order = []
        holder = A
        while holder is not None:
            manager.release(holder)
            holder = next(iter(manager.holders(MUTEX)), None)
            order.append(holder)
        assert order == [D, C, B, None]

    def test_one_that_gives_up_is_passed_over(self, manager):
        for each in (A, B, C):
            manager.request(each, [MUTEX])
        manager.release(B)
        manager.release(A)
        assert manager.holders(MUTEX) == [C]

    def test_a_workflow_that_is_gone_holds_nothing_and_waits_for_nothing(self, manager):
        manager.request(node("a", "1"), [MUTEX])
        manager.request(node("a", "2"), [MUTEX])
        manager.request(B, [MUTEX])
        manager.release_workflow("argo/a")
        assert manager.holders(MUTEX) == [B]
        assert manager.take_granted("argo/a") == []


class TestSeveralLocks:
    def test_they_are_taken_together_or_not_at_all(self, manager):
        manager.request(A, [OTHER])
        assert manager.request(B, [MUTEX, OTHER]).lock == OTHER
        assert manager.holders(MUTEX) == []

    def test_the_front_of_the_queue_keeps_others_out_even_while_it_cannot_go_on(self, manager):
        manager.request(A, [OTHER])
        manager.request(B, [MUTEX, OTHER], created=1)
        waiting = manager.request(C, [MUTEX], created=2)
        assert waiting.message == "Waiting for argo/Mutex/m lock. Lock status: 1/1"

    def test_but_not_those_of_its_own_workflow(self, manager):
        manager.request(A, [OTHER])
        manager.request(node("b", "1"), [MUTEX, OTHER])
        assert manager.request(node("b", "2"), [MUTEX]) is None

    def test_a_new_front_in_one_queue_lets_others_go_on(self, manager):
        manager.request(A, [OTHER])
        manager.request(B, [MUTEX, OTHER], created=1)
        manager.request(C, [MUTEX], created=2)
        manager.release(B)
        assert manager.holders(MUTEX) == [C]


class TestLimits:
    def test_a_semaphore_without_a_limit_cannot_be_had(self, manager):
        with pytest.raises(NodeError, match=r"^failed to initialize semaphore argo/ConfigMap/limits/nope with limit$"):
            manager.request(A, [LockName("argo", "ConfigMap", "limits", "nope")])

    def test_a_file_that_cannot_be_read_is_named(self):
        def unreadable(name):
            raise UnreadableObjectError("objects/limits.yaml, line 3: bad")

        with pytest.raises(UnreadableObjectError, match="line 3"):
            LockManager(unreadable).request(A, [SEMAPHORE])

    def test_a_raised_limit_counts_when_somebody_looks(self, manager, limits):
        for each in (A, B, C):
            manager.request(each, [SEMAPHORE])
        limits.of["two"] = 3
        assert manager.has_waiting_semaphores
        manager.refresh()
        assert manager.take_granted("argo/c") == [C]
        assert not manager.has_waiting_semaphores

    def test_raised_by_two_it_lets_two_in(self, manager, limits):
        for each in (A, B, C, D):
            manager.request(each, [SEMAPHORE])
        limits.of["two"] = 4
        manager.refresh()
        assert manager.holders(SEMAPHORE) == [A, B, C, D]

    def test_a_lowered_limit_takes_nothing_away(self, manager, limits):
        for each in (A, B, C):
            manager.request(each, [SEMAPHORE])
        limits.of["two"] = 1
        manager.release(A)
        assert manager.holders(SEMAPHORE) == [B]
        manager.release(B)
        assert manager.holders(SEMAPHORE) == [C]

    def test_a_limit_that_is_gone_counts_on_while_somebody_holds_the_semaphore(self, manager, limits):
        manager.request(A, [SEMAPHORE])
        del limits.of["two"]
        assert manager.request(B, [SEMAPHORE]) is None
        assert manager.request(C, [SEMAPHORE]) is not None

    def test_a_limit_of_nothing_is_said(self, manager, limits):
        manager.request(A, [SEMAPHORE])
        limits.of["two"] = 0
        assert manager.request(B, [SEMAPHORE]).message == "Failed to get semaphore limit for argo/ConfigMap/limits/two"


def test_what_is_given_back_goes_to_the_next_of_the_workflow_and_is_asked_for_again(manager):
    first, second = node("b", "1"), node("b", "2")
    manager.request(A, [MUTEX])
    manager.request(first, [MUTEX])
    manager.request(second, [MUTEX])
    manager.release(A)
    manager.give_back(first)
    assert manager.holders(MUTEX) == [second]
    manager.release(second)
    assert manager.holders(MUTEX) == []
    assert manager.request(first, [MUTEX]) is None


def test_after_a_restart_holders_hold_again_even_beyond_the_limit(manager):
    for each in (A, B, C):
        manager.restore(each, SEMAPHORE)
    assert manager.request(A, [SEMAPHORE]) is None
    assert manager.request(D, [SEMAPHORE]) is not None
    manager.release(A)
    assert manager.holders(SEMAPHORE) == [B, C]
    manager.release(B)
    assert manager.holders(SEMAPHORE) == [C, D]


class TestNames:
    def test_semaphores_come_first_and_take_the_workflows_namespace(self):
        wanted = {
            "mutexes": [{"name": "m"}, {"name": "o", "namespace": "other"}],
            "semaphores": [{"configMapKeyRef": {"name": "limits", "key": "two"}}],
        }
        names = lock_names(wanted, "argo")
        assert [str(name) for name in names] == ["argo/ConfigMap/limits/two", "argo/Mutex/m", "other/Mutex/o"]
        assert [LockName.parse(str(name)) for name in names] == names

    @pytest.mark.parametrize(
        ("wanted", "message"),
        [
            ({"mutexes": [{"name": "m"}, {"name": "m"}]}, "duplicate synchronization item found"),
            ({"mutexes": [{"name": ""}]}, "ResourceName is missing"),
            ({"semaphores": [{}]}, "without a ConfigMapRef or Database"),
            ({"semaphores": [{"configMapKeyRef": {"name": "x"}}]}, "Key is missing for ConfigMap lock"),
        ],
    )
    def test_what_argo_does_not_take(self, wanted, message):
        with pytest.raises(NodeError, match=message):
            lock_names(wanted, "argo")

    def test_the_fields_of_3x_mean_nothing(self):
        assert lock_names({"mutex": {"name": "m"}, "semaphore": {"configMapKeyRef": {"name": "x"}}}, "argo") == []


WORKFLOWS = st.sampled_from("abcd")
NODES = st.sampled_from(["", "1", "2", "3"])
LOCKS = [MUTEX, OTHER, SEMAPHORE]


class LockMachine(RuleBasedStateMachine):
    """Anybody asks, gives back, gives up or disappears, in any order, while limits change."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits()
        self.manager = LockManager(self.limits)
        self.asked: dict[Holder, tuple[LockName, ...]] = {}
        self.order: dict[Holder, tuple[int, int]] = {}
        self.number = 0
        self.beyond = 0

    def holds(self, holder: Holder) -> bool:
        return all(holder in self.manager.holders(name) for name in self.asked[holder])

    @rule(workflow=WORKFLOWS, name=NODES, locks=st.sets(st.sampled_from(LOCKS), min_size=1))
    def request(self, workflow, name, locks):
        holder = node(workflow, name)
        self.asked.setdefault(holder, tuple(sorted(locks)))
        self.number += 1
        self.order.setdefault(holder, (ord(workflow), self.number))
        granted = self.manager.request(holder, self.asked[holder], created=ord(workflow)) is None
        assert granted == self.holds(holder)

    @rule(workflow=WORKFLOWS, name=NODES)
    def release(self, workflow, name):
        holder = node(workflow, name)
        waiting_before = self.waiting()
        self.manager.release(holder)
        self.asked.pop(holder, None)
        self.order.pop(holder, None)
        self.check_turns([each for each in waiting_before if each != holder])

    @rule(workflow=WORKFLOWS)
    def release_workflow(self, workflow):
        self.manager.release_workflow(f"argo/{workflow}")
        for holder in [each for each in self.asked if each.workflow == f"argo/{workflow}"]:
            del self.asked[holder]
            del self.order[holder]

    @rule(limit=st.integers(1, 4))
    def change_limit(self, limit):
        self.limits.of["two"] = limit
        self.manager.refresh()
        self.beyond = max(limit, len(self.manager.holders(SEMAPHORE)))

    def waiting(self) -> list[Holder]:
        return [holder for holder in self.asked if not self.holds(holder)]

    def check_turns(self, waiting_before: list[Holder]) -> None:
        """Of those of one workflow that wait for the same, the first to ask comes first."""
        still = set(self.waiting())
        granted = [holder for holder in waiting_before if holder not in still]
        for late in granted:
            for early in still:
                alike = self.asked[late] == self.asked[early] and late.workflow == early.workflow
                if alike and bool(late.node) == bool(early.node):
                    assert self.order[late] < self.order[early]

    @invariant()
    def nobody_holds_too_much(self):
        assert len(self.manager.holders(MUTEX)) <= 1
        assert len(self.manager.holders(OTHER)) <= 1
        assert len(self.manager.holders(SEMAPHORE)) <= max(self.limits.of["two"], self.beyond)

    @invariant()
    def all_or_nothing(self):
        for holder, locks in self.asked.items():
            assert self.manager.held_by(holder) in ([], (), list(locks))

    @invariant()
    def nobody_waits_in_vain(self):
        for holder in self.waiting():
            assert self.manager.waiting(holder) is not None

    @invariant()
    def an_open_lock_has_no_claim_at_its_front_that_needs_nothing_else(self):
        for name in LOCKS:
            limit = self.limits.of["two"] if name is SEMAPHORE else 1
            alone = [holder for holder in self.waiting() if self.asked[holder] == (name,)]
            everyone = [holder for holder in self.waiting() if name in self.asked[holder]]
            if len(self.manager.holders(name)) < limit and everyone == alone:
                assert not alone


LockMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestAnyOrder = LockMachine.TestCase
